/** Where a program finds the runs and the queue of a test; JSON is how it is told. */
export interface QueuePlace {
  readonly databaseUrl: string
  /** A schema of DBOS of its own: run ids of tests do not meet. */
  readonly systemSchema: string
}
