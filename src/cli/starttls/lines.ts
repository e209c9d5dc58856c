// The protocols of lines: SMTP (RFC 3207), IMAP (RFC 9051 section 6.2.1), POP3 (RFC 2595 section 4), FTP (RFC 4217),
// NNTP (RFC 4642) and ManageSieve (RFC 5804 section 2.2).

import type { ClearStream } from '../byte-stream.ts'
import { notOffered, notSpoken } from './protocol.ts'

/** An answer of SMTP and FTP: several lines that begin `250-`, and a last one that begins `250 `. */
const reply = async (clear: ClearStream): Promise<readonly string[]> => {
  const lines = [await clear.line()]
  const code = /^(\d{3})-/.exec(lines[0] ?? '')?.[1]
  while (code !== undefined && !lines.at(-1)?.startsWith(`${code} `) && lines.length < 1000)
    lines.push(await clear.line())
  return lines
}

export const smtp = async (clear: ClearStream): Promise<void> => {
  const [greeting = ''] = await reply(clear)
  if (!/^220[ -]/.test(greeting)) throw notSpoken('SMTP', greeting)
  await clear.write('EHLO puretls.invalid\r\n')
  const capabilities = await reply(clear)
  if (!capabilities[0]?.startsWith('250')) throw notSpoken('ESMTP', capabilities[0] ?? '')
  if (!capabilities.some((line) => /^250[ -]STARTTLS\s*$/i.test(line))) throw notOffered('SMTP')
  await clear.write('STARTTLS\r\n')
  const [answer = ''] = await reply(clear)
  if (!answer.startsWith('220')) throw notOffered('SMTP', answer)
}

export const imap = async (clear: ClearStream): Promise<void> => {
  const greeting = await clear.line()
  if (!/^\* (OK|PREAUTH)\b/i.test(greeting)) throw notSpoken('IMAP', greeting)
  await clear.write('a1 STARTTLS\r\n')
  const answer = await tagged(clear)
  if (!/^a1 OK\b/i.test(answer)) throw notOffered('IMAP', answer)
}

/** The line of the tag, behind untagged ones. */
const tagged = async (clear: ClearStream): Promise<string> => {
  for (;;) {
    const line = await clear.line()
    if (!line.startsWith('* ')) return line
  }
}

export const pop3 = async (clear: ClearStream): Promise<void> => {
  const greeting = await clear.line()
  if (!greeting.startsWith('+OK')) throw notSpoken('POP3', greeting)
  await clear.write('STLS\r\n')
  const answer = await clear.line()
  if (!answer.startsWith('+OK')) throw notOffered('POP3', answer)
}

export const ftp = async (clear: ClearStream): Promise<void> => {
  const [greeting = ''] = await reply(clear)
  if (!/^220[ -]/.test(greeting)) throw notSpoken('FTP', greeting)
  await clear.write('AUTH TLS\r\n')
  const [answer = ''] = await reply(clear)
  if (!answer.startsWith('234')) throw notOffered('FTP', answer)
}

export const nntp = async (clear: ClearStream): Promise<void> => {
  const greeting = await clear.line()
  if (!/^20[01]\b/.test(greeting)) throw notSpoken('NNTP', greeting)
  await clear.write('STARTTLS\r\n')
  const answer = await clear.line()
  if (!answer.startsWith('382')) throw notOffered('NNTP', answer)
}

export const sieve = async (clear: ClearStream): Promise<void> => {
  const capabilities: string[] = []
  for (;;) {
    const line = await clear.line()
    if (/^OK\b/i.test(line)) break
    if (!line.startsWith('"') || capabilities.length > 100) throw notSpoken('ManageSieve', line)
    capabilities.push(line)
  }
  if (!capabilities.some((line) => /^"STARTTLS"/i.test(line))) throw notOffered('ManageSieve')
  await clear.write('STARTTLS\r\n')
  const answer = await clear.line()
  if (!/^OK\b/i.test(answer)) throw notOffered('ManageSieve', answer)
}
