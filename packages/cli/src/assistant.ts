import { type Agent, agent, type Model } from 'antiphon'
import { folderTools } from './folder-tools/folder-tools.ts'

const INSTRUCTIONS = `You answer questions about the files in a folder, and general questions.
Look into the files with your tools before you speak about them; call several tools at once where that saves time.
Paths are relative to the folder. You cannot change anything. Answer briefly and say where you found what you say.`

/** The agent that runs when no agent file is given: it may read the folder, and do nothing else. */
export const assistant = (model: Model, folder: string): Agent =>
  agent({ name: 'assistant', model, instructions: INSTRUCTIONS, tools: folderTools(folder) })
