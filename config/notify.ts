/** Settings of notices: an ordinary e-mail or a text message that tells a person of new mail, never of what is in it. */
import { z } from 'zod'
import { file, hostName, ipAddress, isLoopbackHost, portNumber } from './values.ts'

const host = z.union([hostName, ipAddress])
/** Whom we believe beside the system's CAs. */
const ca = z.array(file).default([])

/** A text with `{name}` where a value goes; no other braces. */
const template = (names: readonly string[]) =>
  z
    .string()
    .min(1)
    .max(4000)
    .refine(
      (text) => [...text.matchAll(/\{([a-z]+)\}/g)].every(([, name = '']) => names.includes(name)),
      `the only fields are ${names.map((name) => `{${name}}`).join(', ')}`,
    )

/** The account, and when the mail came: all that a notice says. */
const text = template(['hesap', 'zaman'])

const protectedWay = 'needs TLS: only this machine is reached without'

const email = z
  .strictObject({
    /** The mail system that takes ordinary mail from us. */
    host,
    port: portNumber.default(465),
    /** `none` is for this machine alone. */
    tls: z.enum(['implicit', 'starttls', 'none']).default('implicit'),
    ca,
    from: z.email().max(254),
    auth: z.strictObject({ user: z.string().min(1), passwordFile: file }).optional(),
    subject: text.default('KEP hesabınıza yeni ileti geldi'),
    text: text.default(
      '{hesap} KEP hesabınıza {zaman} tarihinde yeni bir ileti geldi.\n\nİletiyi görmek için KEP hesabınıza giriniz. Bu bildirim yanıtlanmaz.\n',
    ),
  })
  .refine((to) => to.tls !== 'none' || isLoopbackHost(to.host), { path: ['tls'], error: protectedWay })

const httpGateway = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => url.startsWith('https:') || isLoopbackHost(new URL(url).hostname), protectedWay),
    /** GET puts the body behind the `?`; its form is then `form`. */
    method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
    /** How values are written into the body. */
    form: z.enum(['json', 'form', 'xml']).default('json'),
    /** `{telefon}` and `{metin}` stand for the number and the text. */
    body: template(['telefon', 'metin']),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).default({}),
    /** Header name → file that holds its value, for keys and passwords. */
    secretHeaders: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), file).default({}),
    /** What the answer holds where the message was taken, for gateways that answer errors with 200. */
    answer: z.string().min(1).optional(),
    ca,
  })
  .refine(({ method, form }) => method !== 'GET' || form === 'form', {
    path: ['form'],
    error: 'GET needs form',
  })

const smpp = z
  .strictObject({
    host,
    port: portNumber.default(3550),
    /** Only this machine is reached without. */
    tls: z.boolean().default(true),
    ca,
    systemId: z.string().min(1).max(15),
    /** Its first eight characters count. */
    passwordFile: file,
    /** Whom the message comes from: a name that the operator of the network allotted, or a number. */
    source: z.string().min(1).max(20),
    /** Type of that number: 5 is a name, 1 international, 3 short. [SMPP 3.4 §5.2.5] */
    sourceTon: z.number().int().min(0).max(6).default(5),
    sourceNpi: z.number().int().min(0).max(18).default(0),
  })
  .refine(({ tls, host: name }) => tls || isLoopbackHost(name), { path: ['tls'], error: protectedWay })

export const notify = z.strictObject({
  email: email.optional(),
  sms: z
    .strictObject({
      /** At most one message of 160 characters is sent: marks of Turkish letters are left out, and what is longer is cut. */
      text: text.default('KEP hesabiniza yeni ileti geldi: {hesap} {zaman}'),
      /** One of the two. */
      http: httpGateway.optional(),
      smpp: smpp.optional(),
    })
    .refine((to) => (to.http === undefined) !== (to.smpp === undefined), 'one of http and smpp is needed')
    .optional(),
})

export type NotifySettings = z.output<typeof notify>
