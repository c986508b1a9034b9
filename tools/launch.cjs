/**
 * Responsible for running a TypeScript tool of this repository on a Node that can: the machine's own, or the one that
 * `npm ci` installed. It is written for any Node, so that an old one gets a sentence instead of a syntax error.
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

/** Type stripping without a flag: Node 22.18 and 23.6 on. */
function runsTypeScript(version) {
  return version.major >= 24 || (version.major === 22 && version.minor >= 18) || (version.major === 23 && version.minor >= 6)
}

function bundledNode() {
  var candidates = ['node_modules/node/bin/node', 'node_modules/node/bin/node.exe']
  for (var index = 0; index < candidates.length; index += 1) {
    var candidate = path.join(root, candidates[index])
    // A placeholder stands here when install scripts were skipped; the real binary is tens of megabytes.
    if (fs.existsSync(candidate) && fs.statSync(candidate).size > 1000000) return candidate
  }
  return undefined
}

/** Scripts of package.json in which npm stands between a person and this process. */
var ownScripts = ['start', 'worker']

/**
 * npm passes TERM and INT on to what it runs; a HUP or KILL ends npm alone, and what it ran would go on without anybody to stop it. Whoever
 * starts this file without npm may end before it, as a shell with `nohup` does.
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
  // Ctrl-C reaches the child by itself as well, as one of the terminal's group: it takes both for one. `kill` reaches only this process.
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
