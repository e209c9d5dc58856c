/** The bytes of the first block of a PEM text. */
export const parsePem = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(/-----BEGIN [^-]+-----([^-]+)-----END/.exec(text)?.[1] ?? '', 'base64'))
