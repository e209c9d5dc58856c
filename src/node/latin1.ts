// Bytes as text of one character each, and back: names and protocols as sessions keep them.

export const latin1Bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

export const latin1Text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
