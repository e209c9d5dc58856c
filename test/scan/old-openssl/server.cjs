// A TLS server for Node.js 0.8 and 0.10: server.cjs KEY CERT METHOD. Prints its port; ends with its input.
/* oxlint-disable no-require-imports, prefer-node-protocol -- what they know */
const tls = require('tls')
const fs = require('fs')

const echo = function (connection) {
  connection.on('error', function () {})
  connection.pipe(connection)
}
const options = { secureProtocol: process.argv[4], ciphers: 'ALL:eNULL' }
options.key = fs.readFileSync(process.argv[2])
options.cert = fs.readFileSync(process.argv[3])
const server = tls.createServer(options, echo)
server.on('clientError', function () {})
server.listen(0, '127.0.0.1', function () {
  console.log('port ' + server.address().port)
})
process.stdin.resume()
process.stdin.on('end', function () {
  process.exit(0)
})
