import { ConfigError } from 'antiphon'

/** What was given, or the variable of the environment. Throws `ConfigError` (`invalid_config`) when neither is there. */
export const settingOf = (given: string | undefined, variable: string, option: string): string => {
  const value = given ?? process.env[variable]
  if (value) return value
  throw new ConfigError('invalid_config', `No ${option}: set ${variable}, or give ${option}.`)
}

/** A base URL that paths are appended to. Throws `ConfigError` (`invalid_config`) for what is no http URL. */
export const baseUrlOf = (text: string, option: string): URL => {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new ConfigError('invalid_config', `${option} is no http or https URL.`)
  const url = new URL(text)
  url.pathname = url.pathname.replace(/\/*$/, '/')
  return url
}
