// What the command ends with. Scripts rely on these numbers: they are documented in docs/command.md and do not change.

/** What run() resolves to, by name. The numbers do not change. */
export const exitCodes = {
  /** It did what was asked, and found nothing wrong. */
  ok: 0,
  /**
   * It did what was asked, and the answer is no: a grade below the one that was asked for, a difference, a refused
   * hello.
   */
  negative: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A file can't be read or written, or is not what it should be. */
  input: 3,
  /** No connection: no such host, refused, unreachable, timed out, cut off. */
  connection: 4,
  /** There was a connection, but no TLS handshake came of it. */
  handshake: 5,
  /** The peer's certificate, or the one given, was not accepted. */
  verification: 6,
  /** A bug in puretls. */
  internal: 70,
  /** Ended by Ctrl-C or a signal before it was done. */
  interrupted: 130,
} as const

export type ExitName = keyof typeof exitCodes
export type ExitCode = (typeof exitCodes)[ExitName]

/** For the help texts. */
export const exitMeanings: Readonly<Record<ExitName, string>> = {
  ok: 'done',
  negative: 'done, and the answer is no',
  usage: 'the command line is wrong',
  input: "a file can't be read or written, or is not what it should be",
  connection: 'no connection: no such host, refused, timed out, cut off',
  handshake: 'connected, but no TLS handshake came of it',
  verification: 'the certificate was not accepted',
  internal: 'a bug in puretls',
  interrupted: 'interrupted before it was done',
}
