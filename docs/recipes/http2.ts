// HTTP/2, both ends: puretls/node/http2 has the names of node:http2.
export { connect, createSecureServer } from 'puretls/node/http2'
