import { openSandbox } from '@antiphon/sandbox'
import type { ContainerSettings, Language } from './containers/container-options.ts'

/** What can be run on this machine, and why the rest cannot. */
export interface AvailableLanguages {
  readonly languages: readonly Language[]
  /** What to install. */
  readonly missing: string | undefined
}

/** Tries Python once, in a sandbox as its calls will have. */
export const availableLanguages = async ({
  languages,
  pythonPath,
}: ContainerSettings): Promise<AvailableLanguages> => {
  if (!languages.includes('python')) return { languages, missing: undefined }
  const missing = await whyNoPython(pythonPath)
  return { languages: languages.filter((each) => each !== 'python' || missing === undefined), missing }
}

const whyNoPython = async (pythonPath: string): Promise<string | undefined> => {
  try {
    const sandbox = await openSandbox()
    try {
      const { exitCode } = await sandbox.run({ argv: [pythonPath, '-I', '-c', ''] })
      if (exitCode === 0) return undefined
      return `${pythonPath} does not run in the sandbox. Install it: apt-get install -y python3 python3-numpy python3-pandas python3-matplotlib.`
    } finally {
      await sandbox.close()
    }
  } catch (error) {
    return (error as Error).message
  }
}
