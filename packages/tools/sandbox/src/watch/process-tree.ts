import { readdirSync, readFileSync } from 'node:fs'

/** A process and all below it, as the host counts them. Whoever loses a parent inside gets the first process of the namespace as one, so nobody leaves the tree. */
export const processTree = (root: number): readonly number[] => {
  const found = [root]
  for (let index = 0; index < found.length; index += 1) found.push(...childrenOf(found[index]!))
  return found
}

const childrenOf = (pid: number): readonly number[] =>
  listOf(`/proc/${pid}/task`).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )

/** Empty for a folder of a process that has ended. */
export const listOf = (path: string): readonly string[] => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Empty for a file of a process that has ended. */
export const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
