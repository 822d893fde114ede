/**
 * The arguments of an earlier call as JSON text.
 *
 * Servers parse what is sent back (llama.cpp, vLLM, Ollama): broken JSON that the model once wrote would be refused now and on every later turn, so it
 * goes back inside an object. No arguments are an empty object.
 */
export const validArguments = (args: string): string => {
  if (args.trim() === '') return '{}'
  try {
    JSON.parse(args)
    return args
  } catch {
    return JSON.stringify({ invalid_json: args })
  }
}
