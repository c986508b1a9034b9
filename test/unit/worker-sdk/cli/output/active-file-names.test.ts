/** Names under which `artifacts get` writes nothing unless it is told to: whoever uploaded the file chose them. */
import { expect, it } from 'vitest'
import { isActiveFileName } from '../../../../../worker-sdk/src/cli/output/active-file-names.ts'

const obeyed = [
  [
    '.npmrc',
    '.envrc',
    '.bashrc',
    '.git',
    '.gitconfig',
    '.vimrc',
    '.ssh',
    '..\u2024',
    '\u2024npmrc',
    '\uff0enpmrc',
    ' .npmrc',
    '\u200b.npmrc',
  ],
  [
    'Makefile',
    'makefile',
    'GNUmakefile',
    'MAKEFILE',
    'Makefile.',
    'Makefile ',
    'Makefile::$DATA',
    'Makefile.am',
    'Dockerfile',
    'Dockerfile.local',
  ],
  [
    'package.json',
    'package-lock.json',
    'yarn.lock',
    'pnpm-workspace.yaml',
    'tsconfig.json',
    'vite.config.ts',
    'jest.config.js',
    'eslint.config.mjs',
  ],
  [
    'compose.yaml',
    'docker-compose.yml',
    'docker-compose.override.yml',
    'Justfile',
    'Taskfile.yml',
    'Rakefile',
    'Gemfile',
    'Gemfile.lock',
    'Vagrantfile',
  ],
  [
    'setup.py',
    'setup.cfg',
    'pyproject.toml',
    'conftest.py',
    'sitecustomize.py',
    'tox.ini',
    'requirements.txt',
    'x.pth',
    'Cargo.toml',
    'build.rs',
  ],
  [
    'go.mod',
    'pom.xml',
    'build.gradle',
    'build.gradle.kts',
    'gradlew',
    'gradlew.bat',
    'CMakeLists.txt',
    'main.tf',
    'flake.nix',
    'default.nix',
  ],
  [
    'wrangler.toml',
    'Procfile',
    'Jenkinsfile',
    'CLAUDE.md',
    'AGENTS.md',
    'x.code-workspace',
    'desktop.ini',
    'autorun.inf',
    'git.exe',
    'node.cmd',
  ],
  ['run.bat', 'x.lnk', 'x.desktop', 'x.url', 'x.ps1', '-rf', '--checkpoint-action=exec=sh', '~', '$x'],
].flat()

const ordinary = [
  ['report.pdf', 'summary.md', 'README.md', 'notes.txt', 'data.json', 'image.png', 'package.tar.gz', 'build.log', 'my makefile notes.txt'],
  ['report.v1.2.pdf', 'requirements-list.pdf', 'setup-guide.md', 'main.py', 'app.js', 'index.html', 'archive.zip', '日本語.txt', 'a.b.c'],
].flat()

it.each(obeyed)('%j is left to whoever asks for it by name', (name) => expect(isActiveFileName(name)).toBe(true))
it.each(ordinary)('%j is an ordinary name', (name) => expect(isActiveFileName(name)).toBe(false))
