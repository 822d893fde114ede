// A process of its own that applies a patch and dies by SIGKILL before the named step: root, step, operations as JSON.
import { patchFilesInSteps } from '../src/patch/patch-files.ts'

const [root, dieAt, operations] = process.argv.slice(2)
await patchFilesInSteps(root!, JSON.parse(operations!), {}, (step) => {
  if (step === dieAt) process.kill(process.pid, 'SIGKILL')
})
