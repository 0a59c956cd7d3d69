/** What lies in every audit pack, for whoever opens it in twenty years with none of our programs at hand. */
export const README = `DENETİM PAKETİ
==============

Bu klasör, bir kayıtlı elektronik posta hizmet sağlayıcısının (KEPHS) arşivinden alınmış delilleri ve onları
kanıtlayan her şeyi içerir. Doğrulamak için ağ ya da veri tabanı gerekmez; yalnız güvenilen kök sertifikalar gerekir:

  kepctl verify BU-KLASÖR --trust kok.pem

Başka araçlarla da bakılabilir:
  sha512sum -c SHA512SUMS                                   her dosya listedeki dosya mı
  openssl cms -verify -inform DER -in SHA512SUMS.p7s \\
      -content SHA512SUMS -binary -purpose any -CAfile kok.pem   listeyi kim, ne zaman imzaladı
  xmlsec1 --verify --trusted-pem kok.pem evidence/00000001.xml   bir delilin imzası

Dosyalar
  pack.json                 ileti kimlikleri ve delilleri
  evidence/N.xml            delil: sağlayıcının XAdES imzalı, zaman damgalı XML belgesi; N zincirdeki sıra numarası
  evidence/N.position.txt   delilin zincirdeki yeri ve iki özeti; numaralar boşluksuz artar
  evidence/N.ers            kanıt kaydı (RFC 4998): delil ile yerinin hangi tarihte var olduğunu, sertifikalar ve özet
                            algoritmaları eskidikten sonra da gösterir; N.xml ve N.position.txt birlikte mühürlüdür
  validation/N.json         delillerin dayandığı sertifikaların verildikten sonraki durumu
  signers/ID.json           kullanıcının imzası kabul sırasında neye göre değerlendirildi; kabul delili özetini taşır
  rechecks/N.json           imzalayanın sertifikasının bekleme süresinden sonraki durumu
  seals/N.json, heads/N.*   günlük mühürler: zincir başları, imza, zaman damgası ve yenilemeleri
  material/SHA256.cer .crl .ocsp   sertifikalar, iptal listeleri, OCSP yanıtları

Bir kaydın bulunmadığı, sıra numaralarının boşluksuz oluşundan anlaşılır: bir aralığın tümü dışa aktarıldıysa, o
aralıkta başka kayıt yoktur.


AUDIT PACK
==========

This folder holds evidence from the archive of a registered e-mail provider, and everything that proves it. Neither
a network nor a database is needed to verify it, only root certificates that you trust:

  kepctl verify THIS-FOLDER --trust root.pem

Other tools can look at it too:
  sha512sum -c SHA512SUMS                                   is each file the one that was listed
  openssl cms -verify -inform DER -in SHA512SUMS.p7s \\
      -content SHA512SUMS -binary -purpose any -CAfile root.pem   who signed the list, and when
  xmlsec1 --verify --trusted-pem root.pem evidence/00000001.xml  the signature of one evidence

Files
  pack.json                 ids of messages and their evidence
  evidence/N.xml            evidence: XML of the provider with XAdES signature and time-stamp; N is its number in the chain
  evidence/N.position.txt   where it stands in the chain, with two digests; numbers rise without gaps
  evidence/N.ers            evidence record (RFC 4998): when both existed, also after certificates and digest algorithms
                            have aged; N.xml and N.position.txt are sealed together
  validation/N.json         how the certificates stood on which evidence rests, after it was issued
  signers/ID.json           by what the user's signature was judged at the acceptance, which carries its digest
  rechecks/N.json           how the signer's certificate stood after the grace period
  seals/N.json, heads/N.*   daily seals: heads of the chains, signature, time-stamp and their renewals
  material/SHA256.cer .crl .ocsp   certificates, revocation lists, OCSP responses

That a record does not exist is seen from the numbers: where a whole range was exported, there is no other record in it.
`
