/** Responsible for how our own pages look, in light and dark, on a phone too. */
export const pageStyle = `:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --ink: #1a2130; --soft: #566072; --line: #d9dee7;
  --accent: #1d5fd1; --on-accent: #ffffff; --bad: #b3261e; --good: #1b6e3c; --field: #f1f3f7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141b; --card: #181e28; --ink: #e8ecf3; --soft: #9ca7b8; --line: #2c3545;
    --accent: #7fb0ff; --on-accent: #0b1526; --bad: #ff9a92; --good: #7fd6a0; --field: #10151d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: 1.25rem; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 40rem; margin: 6vh auto; padding: 1.75rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
main.wide { max-width: 56rem; margin: 2vh auto; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .92em; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .93rem; }
.bad { color: var(--bad); font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
button {
  font: inherit; font-weight: 600; padding: .7rem 1.4rem; min-height: 44px; border: 0; border-radius: 10px; cursor: pointer;
  background: var(--accent); color: var(--on-accent);
}
button:disabled { opacity: .5; cursor: default; }
button:focus-visible, a:focus-visible, textarea:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
textarea {
  display: block; width: 100%; margin: 0 0 1rem; padding: .8rem; resize: none; border: 1px solid var(--line); border-radius: 10px;
  background: var(--field); color: var(--ink); font: .95rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere;
}
table { width: 100%; border-collapse: collapse; }
th, td { padding: .55rem .5rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
tr:target td { background: var(--field); }
[hidden] { display: none !important; }
@media (max-width: 30rem) {
  body { padding: .75rem; }
  main { margin: 1vh auto; padding: 1.15rem; }
  button { width: 100%; }
  table.stack, table.stack tbody, table.stack tr, table.stack td { display: block; }
  table.stack thead { display: none; }
  table.stack td { border-top: 0; padding: .1rem .5rem; }
  table.stack tr { border-top: 1px solid var(--line); padding: .5rem 0; }
}
`
