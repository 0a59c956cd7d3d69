/** What a person does in Thunderbird, by the same commands that its menus and buttons give. */
import { eventually } from '../../fakes/eventually.ts'
import type { Marionette } from './marionette.ts'

/** Known to every script below. */
const KNOWN = `
const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs')
const pane = window.document.getElementById('tabmail').currentAbout3Pane
const accountOf = (address) =>
  MailServices.accounts.accounts.find(({ incomingServer }) => incomingServer.username === address)
const mailboxesOf = (address) => accountOf(address).incomingServer.rootFolder.descendants
const pathOf = (box) => decodeURIComponent(new URL(box.URI).pathname.slice(1))
const mailbox = (address, path) => mailboxesOf(address).find((box) => pathOf(box) === path)
const done = (begin) =>
  new Promise((resolve, reject) =>
    begin({
      QueryInterface: ChromeUtils.generateQI(['nsIUrlListener']),
      OnStartRunningUrl() {},
      OnStopRunningUrl: (_, status) => (status === 0 ? resolve() : reject(new Error('status ' + status))),
    }),
  )
/** The editor of a message, once one can write there. */
const compose = async (from, to, subject, body) => {
  const fields = Cc['@mozilla.org/messengercompose/composefields;1'].createInstance(Ci.nsIMsgCompFields)
  Object.assign(fields, { to, subject, body })
  const params = Cc['@mozilla.org/messengercompose/composeparams;1'].createInstance(Ci.nsIMsgComposeParams)
  params.composeFields = fields
  params.identity = accountOf(from).defaultIdentity
  params.type = Ci.nsIMsgCompType.New
  params.format = Ci.nsIMsgCompFormat.PlainText
  const ready = new Promise((resolve) =>
    Services.ww.registerNotification(function on(opened, topic) {
      if (topic !== 'domwindowopened') return
      // What opens meanwhile may be something else: a word of new mail, say.
      const take = () => {
        Services.ww.unregisterNotification(on)
        resolve(opened)
      }
      opened.addEventListener('compose-editor-ready', take, { once: true })
    }),
  )
  MailServices.compose.OpenComposeWindowWithParams(null, params)
  return ready
}
`

/** How Thunderbird found the settings of an account. */
export interface FoundAccount {
  readonly by: string
  readonly incoming: string
  readonly outgoing: string
}

export interface ShownMessage {
  readonly subject: string
  /** Of the message with everything in it. */
  readonly text: string
  /** Beside its header, for the signature. */
  readonly icon: string
  /** Of nsICMSMessageErrors; 0 is a good signature. */
  readonly signature: number
  readonly signer: string | null
}

export class Person {
  readonly #control: Marionette

  constructor(control: Marionette) {
    this.#control = control
  }

  #do<T>(body: string, ...args: readonly unknown[]): Promise<T> {
    return this.#control.script<T>(KNOWN + body, ...args)
  }

  /** Asks again until the answer is not null. */
  #until<T>(what: string, body: string, ...args: readonly unknown[]): Promise<T> {
    return eventually(async () => (await this.#do<T | null>(body, ...args)) ?? undefined, what)
  }

  /** For web and mail servers and for signatures; DER in base64. */
  trust(authority: string): Promise<void> {
    return this.#do(
      `Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB).addCertFromBase64(arguments[0], 'C,C,')`,
      authority,
    )
  }

  /** As the wizard does it: the domain of the address is asked for settings, they are tried, and kept. */
  addAccount(address: string, name: string, password: string): Promise<FoundAccount> {
    return this.#do(
      `const [address, name, password] = arguments
      const load = (module) =>
        ChromeUtils.importESModule('resource:///modules/accountcreation/' + module + '.sys.mjs')[module]
      const never = new AbortController().signal
      const found = await load('FetchConfig').fromISP(address.split('@')[1], address, never)
      load('AccountConfig').replaceVariables(found, name, address, password)
      found.rememberPassword = true
      const verified = await new (load('ConfigVerifier'))(null, never).verifyConfig(found)
      const { incomingServer } = await load('CreateInBackend').createAccountInBackend(verified)
      await done((told) => MailServices.imap.discoverAllFolders(incomingServer.rootFolder, told, null))
      const url = ({ type, hostname, port, socketType }) =>
        type + (socketType === Ci.nsMsgSocketType.SSL ? 's' : '') + '://' + hostname + ':' + port
      return { by: verified.subSource, incoming: url(verified.incoming), outgoing: url(verified.outgoing) }`,
      address,
      name,
      password,
    )
  }

  /** Of its messages nothing is here that nobody opened; where it is not said, Thunderbird fetches all of them. */
  keepNoCopies(address: string): Promise<void> {
    return this.#do(
      `const { incomingServer } = accountOf(arguments[0])
      incomingServer.QueryInterface(Ci.nsIImapIncomingServer).offlineDownload = false
      for (const box of mailboxesOf(arguments[0])) box.clearFlag(Ci.nsMsgFolderFlags.Offline)`,
      address,
    )
  }

  /** The account signs with that key whatever it sends. */
  signWith(address: string, p12: string, password: string): Promise<void> {
    return this.#do(
      `const [address, path, password] = arguments
      const certificates = Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)
      const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile)
      file.initWithPath(path)
      const failed = certificates.importPKCS12File(file, password)
      if (failed) throw new Error('PKCS#12: ' + failed)
      const own = certificates.getCerts().find(({ emailAddress }) => emailAddress === address)
      const identity = accountOf(address).defaultIdentity
      identity.setUnicharAttribute('signing_cert_name', own.displayName)
      identity.setCharAttribute('signing_cert_dbkey', own.dbKey)
      identity.signMail = true
      identity.composeHtml = false`,
      address,
      p12,
      password,
    )
  }

  /** Paths of mailboxes, each with what Thunderbird takes it for; empty where for nothing special. */
  mailboxes(address: string): Promise<Record<string, string>> {
    return this.#do(
      `const uses = ['Inbox', 'SentMail', 'Drafts', 'Trash', 'Archive']
      const use = (box) => uses.filter((name) => box.flags & Ci.nsMsgFolderFlags[name]).join()
      return Object.fromEntries(mailboxesOf(arguments[0]).map((box) => [pathOf(box), use(box)]))`,
      address,
    )
  }

  /** Resolves when the editor has closed itself, which it does when the message is sent. */
  send(from: string, to: string, subject: string, body: string): Promise<void> {
    return this.#do(
      `const editor = await compose(...arguments)
      const closed = new Promise((resolve) => editor.addEventListener('unload', resolve, { once: true }))
      editor.goDoCommand('cmd_sendNow')
      await closed`,
      from,
      to,
      subject,
      body,
    )
  }

  /** Saves it once with each of these subjects in the same editor, and closes that. */
  saveDraft(from: string, to: string, subjects: readonly string[], body: string): Promise<void> {
    return this.#do(
      `const [from, to, subjects, body] = arguments
      const editor = await compose(from, to, '', body)
      for (const subject of subjects) {
        editor.document.getElementById('msgSubject').value = subject
        const status = await new Promise((resolve) => {
          const listener = {
            NotifyComposeFieldsReady() {},
            NotifyComposeBodyReady() {},
            SaveInFolderDone() {},
            ComposeProcessDone(status) {
              editor.gMsgCompose.UnregisterStateListener(listener)
              resolve(status)
            },
          }
          editor.gMsgCompose.RegisterStateListener(listener)
          editor.goDoCommand('cmd_saveAsDraft')
        })
        if (status !== 0) throw new Error('status ' + status)
      }
      editor.close()`,
      from,
      to,
      subjects,
      body,
    )
  }

  /** Opens the mailbox and chooses its newest message with that in its subject, as soon as there is one. */
  async choose(address: string, path: string, subject: string): Promise<void> {
    await this.#do('pane.displayFolder(mailbox(...arguments).URI)', address, path)
    await this.#until(
      `a message in ${path}`,
      `const [address, path, subject] = arguments
      const box = mailbox(address, path)
      const here = [...box.messages].filter(
        (one) => one.getUint32Property('pseudoHdr') === 0 && one.mime2DecodedSubject.includes(subject),
      )
      const [last] = here.sort((one, other) => other.messageKey - one.messageKey)
      const row = last === undefined ? -1 : pane.gDBView.findIndexOfMsgHdr(last, true)
      if (row >= 0) pane.threadTree.selectedIndex = row
      else box.updateFolder(null)
      return row >= 0 || null`,
      address,
      path,
      subject,
    )
  }

  /** What is on the screen of the chosen message, which must be signed, once its signature is judged. */
  shown(): Promise<ShownMessage> {
    return this.#until(
      'the message on the screen',
      `const view = pane.messageBrowser.contentWindow
      const page = view.document.getElementById('messagepane').contentDocument
      const judged = ![-1, Ci.nsICMSMessageErrors.VERIFY_NOT_YET_ATTEMPTED].includes(view.gSignatureStatus)
      const chosen = view.gMessageURI === pane.gDBView.URIForFirstSelectedMessage
      if (!view.msgLoaded || !chosen || !judged || !page.body) return null
      return {
        subject: view.gMessage.mime2DecodedSubject,
        text: page.body.textContent,
        icon: view.document.getElementById('signedHdrIcon').src.split('/').at(-1),
        signature: view.gSignatureStatus,
        signer: view.gSignerCert?.emailAddress ?? null,
      }`,
    )
  }

  /** Presses what a menu gives for the chosen message, as soon as it can be pressed. */
  async press(command: string): Promise<void> {
    await this.#until(
      command,
      `if (!pane.commandController.isCommandEnabled(arguments[0])) return null
      pane.commandController.doCommand(arguments[0])
      return true`,
      command,
    )
  }

  /** Makes a tag of that name, and puts it on the chosen message. */
  tag(name: string): Promise<void> {
    return this.#do(
      `MailServices.tags.addTag(arguments[0], '#cc0000', '')
      const [chosen] = pane.gDBView.getSelectedMsgHdrs()
      chosen.folder.addKeywordsToMessages([chosen], MailServices.tags.getKeyForTag(arguments[0]))`,
      name,
    )
  }

  /** The chosen message. */
  move(address: string, path: string): Promise<void> {
    return this.#do(
      `pane.commandController.doCommand('cmd_moveMessage', mailbox(...arguments))`,
      address,
      path,
    )
  }
}
