import type { OpenString } from './open.ts'

/** What a container may reach: nothing, or the domains named. */
export type NetworkPolicy =
  | { type: 'disabled' }
  | {
      type: 'allowlist'
      /** At least one. */
      allowed_domains: string[]
      /** Put into requests to their domain, never shown to the model. */
      domain_secrets?: { domain: string; name: string; value: string }[]
    }

/** A skill stored at the provider. */
export interface SkillReference {
  type: 'skill_reference'
  /** 1–64 characters. */
  skill_id: string
  /** @defaultValue the skill's default version */
  version?: string
}

/** A skill sent along as a zip. */
export interface InlineSkill {
  type: 'inline'
  name: string
  description: string
  /** `data` is base64, at most 70,254,592 characters. */
  source: { type: 'base64'; media_type: 'application/zip'; data: string }
}

/** A container made for the request. Source: Responses API, `ContainerAutoParam`. */
export interface ContainerAuto {
  type: 'container_auto'
  /** At most 50. */
  file_ids?: string[]
  memory_limit?: OpenString<'1g' | '4g' | '16g' | '64g'> | null
  network_policy?: NetworkPolicy
  /** At most 200. */
  skills?: (SkillReference | InlineSkill)[]
}

/** A container that exists. */
export interface ContainerReference {
  type: 'container_reference'
  container_id: string
}
