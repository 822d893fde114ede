const NAMES =
  /^(?:\.env(?:\..+)?|\.npmrc|\.yarnrc\.yml|\.netrc|\.pypirc|\.pgpass|\.git-credentials|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|key|p12|pfx|jks|keystore))$/i
const TEMPLATES = /^\.env\.(?:example|sample|template|dist)$/i
const FOLDERS = new Set(['.git', '.ssh', '.aws', '.gnupg', '.kube', '.docker'])

/** True for files whose usual content is keys or passwords, by their path: `.env`, `id_rsa`, `server.pem`, anything in `.git` or `.ssh`. */
export const isSecretPath = (path: string): boolean => {
  const parts = path.split('/')
  const name = parts.at(-1) ?? ''
  return (NAMES.test(name) && !TEMPLATES.test(name)) || parts.some((part) => FOLDERS.has(part.toLowerCase()))
}
