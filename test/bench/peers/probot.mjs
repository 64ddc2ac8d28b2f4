/** Probot's middleware with one handler that does nothing. Copied beside the `probot` that it runs with. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import process from 'node:process'
import { createNodeMiddleware, Probot } from 'probot'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const probot = new Probot({ appId: 1, privateKey, secret: process.env.SECRET, logLevel: 'warn' })
const middleware = await createNodeMiddleware((app) => app.on('ping', () => undefined), {
  probot,
  webhooksPath: '/',
})
createServer((request, response) => {
  middleware(request, response, () => response.writeHead(404).end())
}).listen(Number(process.env.PORT), '127.0.0.1')
