/** Where a database is, in the names of `pg`; what is left out comes from `PGHOST`, `PGUSER`, `PGPASSWORD` and so on. */
export interface PostgresConnection {
  readonly connectionString?: string
  /** A name, an address, or the folder of a socket. */
  readonly host?: string
  readonly port?: number
  readonly database?: string
  readonly user?: string
  /** Or what gives it for each new connection, where passwords expire. */
  readonly password?: string | (() => string | Promise<string>)
  /** `true`, or options of `tls.connect()`. */
  readonly ssl?: boolean | object
}

/** A connection string (`postgres://user:password@host:5432/name`), or its parts. */
export type PostgresTarget = string | PostgresConnection
