/**
 * Responsible for names of files that programs read or execute automatically because of their name and place: settings of shells and tools, build
 * files, files that Windows runs.
 */

/** Names in lower case, without an extension that names the format. */
const buildFiles = new Set(
  [
    [
      'makefile',
      'gnumakefile',
      'bsdmakefile',
      'cmakelists.txt',
      'meson.build',
      'build',
      'build.bazel',
      'workspace',
      'workspace.bazel',
      'module.bazel',
    ],
    [
      'dockerfile',
      'containerfile',
      'docker-compose',
      'compose',
      'docker-bake',
      'vagrantfile',
      'jenkinsfile',
      'procfile',
      'tiltfile',
      'skaffold',
    ],
    [
      'justfile',
      'taskfile',
      'rakefile',
      'gemfile',
      'guardfile',
      'fastfile',
      'podfile',
      'brewfile',
      'berksfile',
      'capfile',
      'thorfile',
      'snakefile',
    ],
    [
      'package',
      'package-lock',
      'npm-shrinkwrap',
      'yarn.lock',
      'pnpm-lock',
      'pnpm-workspace',
      'lerna',
      'nx',
      'turbo',
      'bunfig',
      'deno',
      'tsconfig',
      'jsconfig',
    ],
    [
      'composer',
      'pyproject',
      'setup.py',
      'setup.cfg',
      'setup',
      'tox',
      'noxfile',
      'conftest',
      'sitecustomize',
      'usercustomize',
      'requirements.txt',
      'pipfile',
    ],
    [
      'manage',
      'fabfile',
      'tasks',
      'cargo',
      'build.rs',
      'rust-toolchain',
      'go.mod',
      'go.work',
      'pom',
      'build.gradle',
      'settings.gradle',
      'gradle',
      'gradlew',
    ],
    [
      'mvnw',
      'build.xml',
      'build.sbt',
      'mix',
      'rebar.config',
      'stack',
      'default.nix',
      'shell.nix',
      'flake',
      'flake.lock',
      'wscript',
      'sconstruct',
      'sconscript',
    ],
    [
      'directory.build',
      'nuget',
      'global',
      'wrangler',
      'netlify',
      'vercel',
      'fly',
      'serverless',
      'ansible',
      'playbook',
      'main.tf',
      'terragrunt',
      'configure',
    ],
    ['claude.md', 'agents.md', 'gemini.md', 'copilot-instructions.md', 'mcp', 'desktop.ini', 'autorun.inf', 'autoexec', 'thumbs.db'],
  ].flat(),
)
/** Extensions of a build file that name its format: `compose.yaml`, `package.json5`, `Makefile.in`. */
const formats =
  /\.(?:json[c5]?|ya?ml|toml|xml|cfg|ini|lock|in|am|inc|mk|local|override|kts|nix|props|targets|config|m?[jt]s|c[jt]s|py|rb|exs|bat|cmd)$/
/** Tool settings by pattern, editor projects, and files that a double click or a shell on Windows runs. */
const patterns = [
  /\.config\.[cm]?[jt]sx?$/,
  /\.(?:code-workspace|sublime-project|sln|csproj|fsproj|vbproj|vcxproj|props|targets|gradle|mk|cmake|pth|tfvars|tf|nix|service|desktop)$/,
  /\.(?:exe|com|bat|cmd|ps1|psm1|psd1|vbs|vbe|jse|wsf|wsh|hta|msc|msi|msp|scr|pif|cpl|dll|lnk|url|scf|reg|inf|jar|application|appref-ms|command|workflow)$/,
]

/** Whether a program may read or execute a file with this name automatically. Names that a file system treats as the same count as the same. */
export function isActiveFileName(filename: string): boolean {
  // NTFS ignores dots and blanks at the end, and treats the text after a colon as a stream of the file.
  const name = filename
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[:].*$/s, '')
    .replace(/[. ]+$/, '')
  if (name === '' || /^[.\-~$@%]/.test(name.trimStart())) return true
  const plain = name.trim()
  return (
    [plain, plain.replace(formats, ''), plain.replace(formats, '').replace(formats, '')].some((one) => buildFiles.has(one)) ||
    patterns.some((pattern) => pattern.test(plain))
  )
}
