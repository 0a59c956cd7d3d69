import { Html } from './html.ts'

/** On screens and on A4 paper alike; no font, no picture and no script is fetched. */
export const STYLE = new Html(`
@page { size: A4; margin: 18mm 16mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.4 "DejaVu Sans", "Liberation Sans", Arial, sans-serif; color: #111; margin: 0 auto; max-width: 190mm; padding: 8mm; }
h1 { font-size: 17pt; margin: 0 0 1mm; }
h2 { font-size: 13pt; margin: 9mm 0 2mm; border-bottom: 0.4mm solid #111; }
h3 { font-size: 11pt; margin: 5mm 0 1mm; }
.en { color: #555; font-size: 0.86em; font-weight: normal; }
p { margin: 1mm 0 2mm; }
table { border-collapse: collapse; width: 100%; margin: 1mm 0 3mm; table-layout: fixed; }
th, td { border: 0.2mm solid #999; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { width: 33%; background: #f2f2f2; font-weight: normal; }
tr, .verdict { break-inside: avoid; }
h2, h3 { break-after: avoid; }
.hex { font-family: "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: 7.5pt; }
.verdict { border: 0.6mm solid; padding: 3mm 4mm; margin: 3mm 0; }
.verdict strong { font-size: 13pt; }
.verdict .beside { font-size: 10.5pt; color: #8a5a00; }
.passed { border-color: #1b6e2c; } .passed strong { color: #1b6e2c; }
.open { border-color: #8a5a00; } .open strong { color: #8a5a00; }
.failed { border-color: #a11; } .failed strong { color: #a11; }
bdi { unicode-bidi: isolate; }
@media print { body { padding: 0; max-width: none; } .file + .file { break-before: page; } th { print-color-adjust: exact; } }
`)
