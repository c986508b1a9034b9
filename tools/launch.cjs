/**
 * Responsible for running a TypeScript tool of this repository on a suitable Node: the installed one, or the one that `npm ci` installed. It uses
 * only old syntax, so that an old Node prints a sentence instead of a syntax error.
 */
'use strict'
var fs = require('fs')
var path = require('path')
var childProcess = require('child_process')

var root = path.join(__dirname, '..')
var script = process.argv[2]

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}

function versionOf(text) {
  var parts = text.replace(/^v/, '').split('.')
  return { major: Number(parts[0]), minor: Number(parts[1]) }
}

/** Whether this version strips types without a flag: Node 22.18 and 23.6 or later. */
function runsTypeScript(version) {
  return version.major >= 24 || (version.major === 22 && version.minor >= 18) || (version.major === 23 && version.minor >= 6)
}

function bundledNode() {
  var candidates = ['node_modules/node/bin/node', 'node_modules/node/bin/node.exe']
  for (var index = 0; index < candidates.length; index += 1) {
    var candidate = path.join(root, candidates[index])
    // When install scripts were skipped, a small placeholder is here; the real binary has tens of megabytes.
    if (fs.existsSync(candidate) && fs.statSync(candidate).size > 1000000) return candidate
  }
  return undefined
}

/** Scripts of package.json that npm runs between a person and this process. */
var ownScripts = ['start', 'worker']

/**
 * npm forwards TERM and INT to its child. After HUP or KILL npm alone ends, and no process would stop the child. When this file is started without
 * npm, its parent may end first, as a shell with `nohup` does.
 */
function stopWithNpm(stop) {
  if (ownScripts.indexOf(process.env.npm_lifecycle_event || '') === -1 || process.platform === 'win32') return
  var npm = process.ppid
  var timer = setInterval(function () {
    if (process.ppid === npm) return
    clearInterval(timer)
    stop()
  }, 250)
  timer.unref()
}

function main() {
  var version = versionOf(process.version)
  if (script === undefined) return fail('Say which tool to run: node tools/launch.cjs tools/start/main.ts')
  if (!fs.existsSync(path.join(root, 'node_modules'))) return fail('The dependencies are not installed yet: run `npm ci`, then this again.')
  if (runsTypeScript(version)) {
    stopWithNpm(function () {
      process.kill(process.pid, 'SIGHUP')
    })
    process.argv.splice(1, 2, path.resolve(script))
    return require(path.resolve(script))
  }
  var node = bundledNode()
  if (version.major < 20 && node === undefined) {
    return fail(
      'ModelReins needs Node 20 or newer, and this is ' +
        process.version +
        ': install a newer one from https://nodejs.org, then run `npm ci` and this again.',
    )
  }
  if (node === undefined) {
    return fail(
      'The Node that this project brings along is not installed: run `npm ci` again and let it run install scripts (no --ignore-scripts).',
    )
  }
  var child = childProcess.spawn(node, [path.resolve(script)].concat(process.argv.slice(3)), { stdio: 'inherit' })
  // The terminal also sends Ctrl-C to the child directly, because it is in the same group; the child counts both as one. `kill` reaches only this
  // process.
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  signals.forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal)
    })
  })
  stopWithNpm(function () {
    child.kill('SIGHUP')
  })
  child.on('exit', function (code, signal) {
    process.exit(code === null ? (signal === 'SIGINT' ? 130 : 143) : code)
  })
}

main()
