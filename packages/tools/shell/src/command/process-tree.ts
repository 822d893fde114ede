import { readdir, readFile } from 'node:fs/promises'

/** The variable by which the processes of a command are known, wherever they went. */
export const MARK = 'ANTIPHON_COMMAND'

const ROUNDS = 50

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already, or not ours.
  }
}

/** Processes whose environment has the mark: those that left their group and their parents, too. Linux only; empty elsewhere. */
const marked = async (mark: string): Promise<number[]> => {
  const needle = `${MARK}=${mark}\0`
  const names = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const env = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')
        if (!env.includes(needle)) return []
        const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '')
        // A dead one that nobody has asked about yet.
        return stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z') ? [] : [Number(name)]
      }),
  )
  return found.flat()
}

/** Kills a process group, and every process with the mark until none is left. */
export const killTree = async (group: number, mark: string): Promise<void> => {
  for (let round = 0; round < ROUNDS; round++) {
    kill(-group)
    const left = await marked(mark)
    if (left.length === 0) return
    for (const pid of left) kill(pid)
  }
}
