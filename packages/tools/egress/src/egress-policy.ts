/** Where requests to the outside may go: public addresses over https, and what is said here. */
export interface EgressPolicy {
  /** Also this machine, over http or https; for tests. @defaultValue `false` */
  readonly allowLoopback?: boolean
  /** Also http to public addresses, as web pages need it. @defaultValue `false` */
  readonly allowPlainHttp?: boolean
  /** Names of hosts of your own, as in the URL, that may be at any address and use http. @defaultValue none */
  readonly allowHosts?: readonly string[]
  /** Finds all addresses of a name. @defaultValue the system's resolver */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
}
