"""What the invented customers of the demo ledger are called and where they live.

Towns and postal codes exist, companies and people do not. Telephone numbers come from the ranges that the regulators keep free
for fiction (Arcep: 01 99 00 and 06 39 98; Bundesnetzagentur: 030 23125 and 0171 39200; Ofcom: 020 7946 0 and 07700 900), and
e-mail addresses from .example (RFC 2606), which never leaves a machine.
"""

COUNTRIES = {
    "FR": {
        "language": "fr",
        "trades": ["Ateliers", "Menuiserie", "Boulangerie", "Transports", "Garage", "Imprimerie", "Électricité", "Plomberie",
                   "Maçonnerie", "Pépinières", "Laboratoire", "Cartonnages"],
        "forms": ["SARL", "SAS", "SA", "EURL", "et Fils SARL"],
        "surnames": ["Moreau", "Lefèvre", "Garnier", "Rousseau", "Chevalier", "Bénard", "Marchand", "Lemaître", "Poirier", "Delaunay",
                     "Perrin", "Gauthier", "Barbier", "Renaud", "Fontaine", "Mercier", "Guérin", "Besnard", "Charpentier", "Colin"],
        "given": ["Camille", "Hélène", "Julien", "Sophie", "Thierry", "Amélie", "François", "Nadège", "Olivier", "Chloé"],
        "streets": ["rue de la République", "avenue Jean Jaurès", "boulevard Victor Hugo", "rue des Lilas", "quai de la Fosse",
                    "chemin du Moulin", "place du Marché", "rue Pasteur"],
        "towns": [("75011", "Paris"), ("69003", "Lyon"), ("13006", "Marseille"), ("31000", "Toulouse"), ("44000", "Nantes"),
                  ("67000", "Strasbourg"), ("33000", "Bordeaux"), ("59000", "Lille"), ("35000", "Rennes"), ("38000", "Grenoble")],
        "number_first": True, "phone": "+33 1 99 00 {:02d} {:02d}", "mobile": "+33 6 39 98 {:02d} {:02d}",
        "mailbox": ["comptabilite", "compta", "fournisseurs", "facturation"],
    },
    "DE": {
        "language": "de",
        "trades": ["Maschinenbau", "Bäckerei", "Tischlerei", "Druckerei", "Spedition", "Gärtnerei", "Elektrotechnik", "Metallbau",
                   "Brauerei", "Feinmechanik"],
        "forms": ["GmbH", "GmbH & Co. KG", "KG", "OHG", "e. K."],
        "surnames": ["Müller", "Krüger", "Schäfer", "Weiß", "Hoffmann", "Lehmann", "Böhm", "Vogel", "Jäger", "Winkler", "Brandt",
                     "Kühn", "Seidel", "Arnold", "Sauer", "Günther"],
        "given": ["Anke", "Jürgen", "Katrin", "Matthias", "Sabine", "Uwe", "Heike", "Björn"],
        "streets": ["Hauptstraße", "Bahnhofstraße", "Gartenweg", "Lindenallee", "Industriestraße", "Am Markt"],
        "towns": [("10115", "Berlin"), ("20095", "Hamburg"), ("80331", "München"), ("50667", "Köln"), ("04109", "Leipzig"),
                  ("70173", "Stuttgart"), ("90402", "Nürnberg"), ("28195", "Bremen")],
        "number_first": False, "phone": "+49 30 23125 {:02d}{:01d}", "mobile": "+49 171 39200 {:02d}",
        "mailbox": ["buchhaltung", "rechnungen", "kreditoren"],
    },
    "GB": {
        "language": "en",
        "trades": ["Engineering", "Joinery", "Bakeries", "Printing", "Haulage", "Nurseries", "Instruments", "Roofing"],
        "forms": ["Ltd", "Limited", "& Sons Ltd", "LLP"],
        "surnames": ["Whitfield", "Ashworth", "Pemberton", "Hartley", "Lockwood", "Bramley", "Thornton", "Fairclough", "Wainwright",
                     "Holloway", "Kershaw", "Stanhope"],
        "given": ["Alison", "Graham", "Fiona", "Nigel", "Priya", "Owen", "Rachel", "Callum"],
        "streets": ["High Street", "Station Road", "Mill Lane", "Church Street", "Victoria Road"],
        "towns": [("M1 2WD", "Manchester"), ("LS1 4DY", "Leeds"), ("B2 4QA", "Birmingham"), ("BS1 5TR", "Bristol"),
                  ("EH1 1RE", "Edinburgh"), ("S1 2HE", "Sheffield")],
        "number_first": True, "phone": "+44 20 7946 0{:02d}{:01d}", "mobile": "+44 7700 900{:02d}{:01d}",
        "mailbox": ["accounts", "payables", "invoices"],
    },
    # No Italian numbers are kept free for fiction: these debtors have none but those that make_ledger.py gives. They have a certified mailbox (PEC), as the law wants of companies.
    "IT": {
        "language": "it",
        "trades": ["Officine", "Pasticceria", "Falegnameria", "Tipografia", "Trasporti", "Vivai", "Ceramiche", "Oreficeria"],
        "forms": ["S.r.l.", "S.p.A.", "S.n.c.", "S.a.s."],
        "surnames": ["Ferrari", "Colombo", "Bianchi", "Marchetti", "Galli", "Rinaldi", "Caruso", "Fontana", "Moretti", "Barbieri"],
        "given": ["Chiara", "Giulia", "Lorenzo", "Matteo", "Niccolò", "Paola", "Simona", "Davide"],
        "streets": ["Via Roma", "Via Garibaldi", "Corso Italia", "Via dei Mille", "Piazza San Marco"],
        "towns": [("20121", "Milano"), ("10121", "Torino"), ("40121", "Bologna"), ("50122", "Firenze"), ("37121", "Verona")],
        "number_first": False, "phone": "", "mobile": "",
        "mailbox": ["amministrazione", "contabilita", "fornitori"], "certified": "amministrazione@pec.",
    },
}
