import { examinedCalls, refusedCalls } from './system-calls.ts'

// Instructions of classic BPF (linux/filter.h), and where seccomp puts what it examines (linux/seccomp.h).
const LOAD = 0x20
const JUMP_EQUAL = 0x15
const JUMP_AT_LEAST = 0x35
const JUMP_ANY_BIT = 0x45
const RETURN = 0x06
const AT_NUMBER = 0
const AT_ARCHITECTURE = 4
const atArgument = (index: number): number => 16 + 8 * index

const ALLOW = 0x7fff0000
const KILL_PROCESS = 0x80000000
const refuse = (errno: number): number => 0x00050000 | errno
const EPERM = 1
const ENOSYS = 38
const EAFNOSUPPORT = 97

/** Every flag of `clone` that makes a namespace. */
const NEW_NAMESPACE = 0x7e020000
/** Puts characters into a terminal's input; the second one does so on the console. */
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c
/** Families that the namespace of the network holds in. The others (vsock, netlink, packet, …) reach past it, or deep into the kernel. */
const SOCKET_FAMILIES = [1, 2, 10]
/** Numbers from here on are those of the x32 ABI, which no list here names. */
const FIRST_X32 = 0x40000000

const architectures = {
  x64: { column: 0, audit: 0xc000003e },
  arm64: { column: 1, audit: 0xc00000b7 },
} as const

/** True where a filter can be made. */
export const hasSystemCallFilter = (architecture: string): architecture is keyof typeof architectures =>
  architecture in architectures

type Instruction = readonly [code: number, value: number, whenTrue?: number, whenFalse?: number]

/**
 * A seccomp program for bubblewrap's `--seccomp`: what no program needs is refused, everything else is allowed. It stands behind the namespaces, and closes what they leave open: calls
 * that make new ones, memory that no limit counts, and families of sockets that know no namespace.
 */
export const systemCallFilter = (architecture: keyof typeof architectures): Uint8Array => {
  const { column, audit } = architectures[architecture]
  const program: Instruction[] = [
    [LOAD, AT_ARCHITECTURE],
    [JUMP_EQUAL, audit, 1, 0],
    // Another architecture has other numbers (32-bit programs on x86-64).
    [RETURN, KILL_PROCESS],
    [LOAD, AT_NUMBER],
    ...(architecture === 'x64' ? [...when(JUMP_AT_LEAST, FIRST_X32, [[RETURN, refuse(ENOSYS)]])] : []),
  ]
  for (const numbers of Object.values(refusedCalls))
    if (numbers[column] >= 0) program.push(...when(JUMP_EQUAL, numbers[column], [[RETURN, refuse(EPERM)]]))
  const { clone, clone3, ioctl, socket, socketpair } = examinedCalls
  program.push(
    // Its flags are behind a pointer, where no filter sees them; the C library falls back to clone.
    ...when(JUMP_EQUAL, clone3[column], [[RETURN, refuse(ENOSYS)]]),
    ...when(JUMP_EQUAL, clone[column], [
      [LOAD, atArgument(0)],
      ...when(JUMP_ANY_BIT, NEW_NAMESPACE, [[RETURN, refuse(EPERM)]]),
      [RETURN, ALLOW],
    ]),
    ...when(JUMP_EQUAL, ioctl[column], [
      [LOAD, atArgument(1)],
      ...when(JUMP_EQUAL, TIOCSTI, [[RETURN, refuse(EPERM)]]),
      ...when(JUMP_EQUAL, TIOCLINUX, [[RETURN, refuse(EPERM)]]),
      [RETURN, ALLOW],
    ]),
    ...[socket, socketpair].flatMap((numbers) =>
      when(JUMP_EQUAL, numbers[column], [
        [LOAD, atArgument(0)],
        ...SOCKET_FAMILIES.flatMap((family) => when(JUMP_EQUAL, family, [[RETURN, ALLOW]])),
        [RETURN, refuse(EAFNOSUPPORT)],
      ]),
    ),
    [RETURN, ALLOW],
  )
  return encode(program)
}

/** The instructions, when what was loaded compares to the value; else what comes after them. */
const when = (jump: number, value: number, then: readonly Instruction[]): Instruction[] => [
  [jump, value, 0, then.length],
  ...then,
]

/** struct sock_filter { u16 code; u8 jt; u8 jf; u32 k } */
const encode = (program: readonly Instruction[]): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(program.length * 8))
  program.forEach(([code, value, whenTrue = 0, whenFalse = 0], index) => {
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, whenTrue)
    bytes.setUint8(index * 8 + 3, whenFalse)
    bytes.setUint32(index * 8 + 4, value >>> 0, true)
  })
  return new Uint8Array(bytes.buffer)
}
