/** Who asks. Every row in the store has the tenant first in its key. */
export interface Principal {
  /** `'local'` where the server has no keys. */
  readonly tenant: string
}
