/** An event as it goes over the wire. */
export type WireEvent = { [field: string]: unknown; type?: unknown }
