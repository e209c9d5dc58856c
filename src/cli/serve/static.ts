// Files over HTTP, for both versions of it: GET and HEAD, conditional and range requests (RFC 9110), nothing outside
// the folder and nothing hidden.

import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import type { Writable } from 'node:stream'
import { extname, join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** What node:http and node:http2 have in common. */
export interface Request {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly headers: IncomingHttpHeaders
}
export interface Response extends Writable {
  readonly headersSent: boolean
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/vnd.microsoft.icon',
  '.pdf': 'application/pdf',
  '.wasm': 'application/wasm',
  '.xml': 'application/xml',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
  '.pem': 'application/x-pem-file',
  '.crt': 'application/x-x509-ca-cert',
  '.crl': 'application/pkix-crl',
}

export interface StaticOptions {
  readonly root: string
  /** Lists folders that have no index.html. */
  readonly list: boolean
}

/** Answers one request; what it answered, for a log. Never rejects. */
export const serveFile = async (
  request: Request,
  response: Response,
  { root, list }: StaticOptions,
): Promise<number> => {
  try {
    return await answer(request, response, await realpath(root), list)
  } catch (error) {
    if (!response.headersSent)
      return refuse(response, error instanceof Error && 'code' in error && error.code === 'EACCES' ? 403 : 500)
    response.destroy()
    return 500
  }
}

const refuse = (response: Response, status: number, headers: Readonly<Record<string, string>> = {}): number => {
  const text = `${status} ${reasons[status] ?? ''}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(text.length),
    ...headers,
  })
  response.end(text)
  return status
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  416: 'Range Not Satisfiable',
  500: 'Internal Server Error',
}

const answer = async (request: Request, response: Response, root: string, list: boolean): Promise<number> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, { allow: 'GET, HEAD' })
  const path = pathOf(request.url ?? '/')
  if (path === undefined) return refuse(response, 400)
  const found = await lookUp(root, path)
  if (found === undefined) return refuse(response, 404)
  if (!found.stats.isDirectory())
    return found.stats.isFile() ? sendFile(request, response, found.path, found.stats) : refuse(response, 403)
  if (!path.endsWith('/')) {
    response.writeHead(301, { location: `${encodeURI(path.slice(path.lastIndexOf('/') + 1))}/`, 'content-length': '0' })
    response.end()
    return 301
  }
  const index = await lookUp(root, `${path}index.html`)
  if (index?.stats.isFile() === true) return sendFile(request, response, index.path, index.stats)
  return list ? sendListing(request, response, path, found.path) : refuse(response, 404)
}

/** The path of a URL, decoded; undefined for one that is malformed, hidden or climbs. */
export const pathOf = (url: string): string | undefined => {
  const [raw = ''] = url.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/[?#]/)
  try {
    const path = decodeURIComponent(raw === '' ? '/' : raw)
    if (!path.startsWith('/') || path.includes('\0') || path.includes('\\')) return undefined
    return path.split('/').some((part) => part.startsWith('.')) ? undefined : path
  } catch {
    return undefined
  }
}

/** The file behind all links; undefined if there is none, or if it is outside the root. */
const lookUp = async (
  root: string,
  path: string,
): Promise<{ readonly path: string; readonly stats: Stats } | undefined> => {
  try {
    const real = await realpath(join(root, path))
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    return { path: real, stats: await stat(real) }
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(String(error.code))
    )
      return undefined
    throw error
  }
}

const sendFile = async (request: Request, response: Response, path: string, stats: Stats): Promise<number> => {
  const etag = `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs).toString(16)}"`
  const headers = {
    'content-type': types[extname(path).toLowerCase()] ?? 'application/octet-stream',
    etag,
    'last-modified': stats.mtime.toUTCString(),
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
  }
  if (isUnchanged(request, etag, stats)) {
    response.writeHead(304, { etag, 'last-modified': headers['last-modified'] })
    response.end()
    return 304
  }
  const range = rangeOf(request, etag, stats)
  if (range === 'none') return refuse(response, 416, { 'content-range': `bytes */${stats.size}` })
  const { start, end } = range ?? { start: 0, end: stats.size - 1 }
  const status = range === undefined ? 200 : 206
  response.writeHead(status, {
    ...headers,
    'content-length': String(end - start + 1),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${stats.size}` }),
  })
  if (request.method === 'HEAD' || stats.size === 0) response.end()
  // A client that goes away ends the stream; nobody is left to be told.
  else await pipeline(createReadStream(path, { start, end }), response).catch(() => {})
  return status
}

/** RFC 9110 section 13.2.2: If-None-Match takes precedence over If-Modified-Since. */
const isUnchanged = ({ headers }: Request, etag: string, stats: Stats): boolean => {
  const tags = headers['if-none-match']
  if (tags !== undefined)
    return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return !Number.isNaN(since) && Math.floor(stats.mtimeMs / 1000) * 1000 <= since
}

/** One range; several are answered with the whole file, as section 14.2 allows. */
const rangeOf = (
  { headers }: Request,
  etag: string,
  { size, mtime }: Stats,
): { readonly start: number; readonly end: number } | 'none' | undefined => {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  const condition = headers['if-range']
  if (condition !== undefined && condition !== etag && condition !== mtime.toUTCString()) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  return start >= size || end < start ? 'none' : { start, end }
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const html = (text: string): string => text.replace(/[&<>"']/g, (one) => escapes[one] ?? one)

const sendListing = async (request: Request, response: Response, path: string, folder: string): Promise<number> => {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'))
  const names = entries.map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`).toSorted()
  const title = `Files in ${html(path)}`
  const links = names.map((name) => {
    const href = html(encodeURIComponent(name).replace(/%2F$/, '/'))
    return `<li><a href="${href}">${html(name)}</a>`
  })
  const head = `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>`
  const page = `${head}<ul>${links.join('')}</ul>\n`
  const body = Buffer.from(page)
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(body.length),
    'content-security-policy': "default-src 'none'",
  })
  if (request.method === 'HEAD') response.end()
  else response.end(body)
  return 200
}
