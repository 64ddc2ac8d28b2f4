import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** What the official image has of no use here, and what its slim form leaves out as well. */
const LEFT_OUT = /^\/(usr\/share\/(doc|man|locale|info|lintian|bug)|var)\//

/**
 * Makes the archive of a root file system that stands for `node:24-bookworm-slim` where no registry of images can be
 * reached: the essential packages of this Debian, the Node.js of `npm ci` and this machine's npm, a user `node`.
 */
export function makeBaseArchive(archive: string): void {
  const root = mkdtempSync(join(tmpdir(), 'model-dispatch-base-'))
  try {
    for (const folder of [
      'usr/bin',
      'usr/sbin',
      'usr/lib',
      'usr/lib64',
      'etc',
      'tmp',
      'proc',
      'sys',
      'dev',
      'root',
      'home/node',
    ])
      mkdirSync(join(root, folder), { recursive: true })
    chmodSync(join(root, 'tmp'), 0o1777)
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name))
    copyPackages(root)
    copyNode(root)
    addUsers(root)
    run('tar', [
      '--create',
      '--file',
      archive,
      '--directory',
      root,
      '--numeric-owner',
      '--owner=0',
      '--group=0',
      '.',
    ])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** The files of the essential packages and of all that these and Node.js depend on, as this machine has them. */
function copyPackages(root: string): void {
  const files = run('dpkg-query', ['--listfiles', ...packages()]).split('\n')
  const real = new Set(files.filter((file) => file.startsWith('/') && !LEFT_OUT.test(file)).map(realPath))
  const list = [...real].filter((file) => existsSync(file) && !lstatSync(file).isDirectory()).sort()
  run(
    'bash',
    ['-c', `tar --create --no-recursion --files-from=- | tar --extract --directory '${root}'`],
    list.join('\n'),
  )
}

/** A file under its own name: `/bin` and `/lib` are links into `/usr`. */
function realPath(file: string): string {
  return existsSync(dirname(file)) ? join(realpathSync(dirname(file)), basename(file)) : file
}

function packages(): string[] {
  const installed = new Map(
    run('dpkg-query', ['--show', '--showformat=${Package}\\t${Essential}\\t${Depends}, ${Pre-Depends}\\n'])
      .split('\n')
      .map((line) => line.split('\t'))
      .map(([name = '', essential = '', depends = '']) => [name, { essential, depends }]),
  )
  const wanted = new Set<string>()
  const add = (name: string): void => {
    const found = installed.get(name)
    if (name === '' || found === undefined || wanted.has(name)) return
    wanted.add(name)
    for (const one of found.depends.split(/[,|]/)) add(one.trim().replace(/[ :(].*$/, ''))
  }
  for (const [name, { essential }] of installed) if (essential === 'yes') add(name)
  add('libstdc++6')
  return [...wanted].sort()
}

function copyNode(root: string): void {
  const local = join(root, 'usr', 'local')
  mkdirSync(join(local, 'bin'), { recursive: true })
  cpSync(realpathSync(process.execPath), join(local, 'bin', 'node'))
  const npm = dirname(dirname(realpathSync(run('bash', ['-c', 'command -v npm']).trim())))
  cpSync(npm, join(local, 'lib', 'node_modules', 'npm'), { recursive: true })
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name))
}

function addUsers(root: string): void {
  writeFileSync(
    join(root, 'etc', 'passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
  )
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnode:x:1000:\n')
}

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`${program} ${args.join(' ').slice(0, 200)}: ${stderr}`)
  return stdout
}
