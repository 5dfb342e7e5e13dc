// What stands around a letter's texts, in the languages whose templates are shipped. Another language says
// them in its templates.
#include "host/config/letter_settings.hpp"

namespace relance::config {

const LetterLabels *letter_labels(std::string_view language) {
  // In the order of LetterLabel.
  static const LetterLabels kEnglish{"Date",
                                     "Customer number",
                                     "Our reference",
                                     "Invoice",
                                     "Date",
                                     "Due date",
                                     "Overdue",
                                     "Amount",
                                     "Balance",
                                     "Total",
                                     "Not yet due",
                                     "Carried forward",
                                     "Brought forward",
                                     "Bank details",
                                     "Account holder",
                                     "Please quote",
                                     "Pay by banking app",
                                     "Page {page} of {pages}"};
  static const LetterLabels kFrench{"Date",
                                    "N° client",
                                    "Notre référence",
                                    "Facture",
                                    "Date",
                                    "Échéance",
                                    "Retard",
                                    "Montant",
                                    "Solde",
                                    "Total",
                                    "Non encore échues",
                                    "À reporter",
                                    "Report",
                                    "Coordonnées bancaires",
                                    "Titulaire",
                                    "Référence à rappeler",
                                    "Payer par application bancaire",
                                    "Page {page} sur {pages}"};
  static const LetterLabels kGerman{"Datum",
                                    "Kundennummer",
                                    "Unser Zeichen",
                                    "Rechnung",
                                    "Datum",
                                    "Fällig am",
                                    "Überfällig",
                                    "Betrag",
                                    "Saldo",
                                    "Summe",
                                    "Noch nicht fällig",
                                    "Übertrag",
                                    "Übertrag",
                                    "Bankverbindung",
                                    "Kontoinhaber",
                                    "Verwendungszweck",
                                    "Mit der Banking-App zahlen",
                                    "Seite {page} von {pages}"};
  static const LetterLabels kSpanish{"Fecha",
                                     "N.º de cliente",
                                     "Nuestra referencia",
                                     "Factura",
                                     "Fecha",
                                     "Vencimiento",
                                     "Retraso",
                                     "Importe",
                                     "Saldo",
                                     "Total",
                                     "Aún no vencidas",
                                     "Suma y sigue",
                                     "Suma anterior",
                                     "Datos bancarios",
                                     "Titular",
                                     "Concepto",
                                     "Pagar con la aplicación del banco",
                                     "Página {page} de {pages}"};
  static const LetterLabels kItalian{"Data",
                                     "Codice cliente",
                                     "Nostro riferimento",
                                     "Fattura",
                                     "Data",
                                     "Scadenza",
                                     "Ritardo",
                                     "Importo",
                                     "Saldo",
                                     "Totale",
                                     "Non ancora scadute",
                                     "A riportare",
                                     "Riporto",
                                     "Coordinate bancarie",
                                     "Intestatario",
                                     "Causale",
                                     "Paga con l'app della banca",
                                     "Pagina {page} di {pages}"};
  const auto code = language.substr(0, 2);
  return code == "en"   ? &kEnglish
         : code == "fr" ? &kFrench
         : code == "de" ? &kGerman
         : code == "es" ? &kSpanish
         : code == "it" ? &kItalian
                        : nullptr;
}

}  // namespace relance::config
