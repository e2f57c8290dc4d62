"""Queries for what is in no video of `subjects.py`, of every kind that people type or slip into: each kind fools search in
another way."""

import random
import re

SYLLABLES = "ba blo bri cha dro dul fen fri ga glu hom jat kel kra lo lum mep mi nar nok pli pru qua ras sko sun tav tri ul vex wob yar zim".split()
# Without digits: numbers do stand on boards.
KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm", ";'[]#,./"]
# Everyday words; some of them are said or shown in the videos.
WORDS = "apple arrow autumn basket beach below bicycle blanket border bottle bridge bright broken brother butter button candle carpet castle ceiling chair cheap church circle clever cloud corner cotton curtain danger daughter desert dinner doctor double dragon dream driver early earth empty engine evening factory famous farmer father feather fence finger forest forget friend garden gentle ghost giant ginger glass green guest hammer hungry island jacket jungle kettle kitchen ladder lemon letter library light lonely market minute mirror monkey monster morning mountain narrow needle never number ocean orange paper parrot pencil pepper picture pirate planet pocket potato prince purple quiet rabbit rainbow river rocket sailor salt school scissors season seven shadow sheep silver simple sister sleep snow soldier spider spring square stamp station stone street summer sweet table thirty ticket tiger tomato tower train travel tunnel twelve uncle under velvet village violin wagon water whistle window winter wizard wooden yellow yesterday".split()

ELSEWHERE = [
    "who painted the ceiling of the Sistine Chapel", "how do ballet dancers turn on their toes", "what is the capital of Mongolia", "how to fold a paper crane",
    "when did the dinosaurs die out", "tickets for the opera in Vienna", "which mushrooms are poisonous", "how does a submarine stay under", "dentist appointment for a root canal",
    "rules of cricket explained", "how to apply for a passport", "what do penguins eat", "perfume from Grasse", "nuclear fusion reactor", "yoga pose for back pain",
    "who wrote the Harry Potter novels", "how to tie a tie", "sushi rolls with avocado", "lift stuck between two floors", "skateboard tricks for beginners",
    "Maya pyramids in the jungle", "how are diamonds cut", "tattoo removal by laser", "cheap hotels in Bangkok", "Japanese tea ceremony", "is Pluto a planet",
    "how to change a nappy", "divorce lawyer fees", "bitcoin mining farm", "electric scooters on pavements", "who was the first woman in parliament of Finland", "train strike in Belgium",
    "how do cactuses survive the desert", "wedding dress with lace", "juggling with five clubs", "how to get rid of moths in the wardrobe", "ice hockey penalty shot", "airport security liquids",
    "the plot of Hamlet", "what is a black hole", "roof tiles and insulation", "how to shave with a razor", "parrot that can talk", "hair dye without ammonia", "Samurai swords", "curling stones from Scotland",
    "how tall is the Eiffel tower", "contact lenses or glasses", "robot vacuum cleaner", "school uniform debate", "the Berlin wall came down", "escape from Alcatraz", "how to grow tomatoes on a balcony", "Titanic iceberg",
    "crocodile attack in Australia", "gluten free muffins", "how does a zip fastener work", "Norwegian fjord cruise", "the stock exchange of Tokyo", "where do pandas live",
    "circus clown make-up", "how to write a cover letter", "ferry to Corsica timetable", "museum of modern art", "what does DNA stand for", "plumber for a leaking tap", "kangaroo pouch", "lottery jackpot numbers", "detective novels from Sweden", "traffic jam on the ring road",
]
# They share a word or two with what is there, and are about something else.
NEAR = [
    "how long does the train take to the border", "opening hours of the water park", "first man on the top of Everest", "story of the three little pigs", "days until Christmas", "light switch in the hallway",
    "the best seat in the opera house", "hot dog stand in New York", "red carpet at the film festival", "green card lottery", "night shift in the factory", "cold war spies", "bank of the river Thames",
    "sharp dressed man", "dance class for seniors", "king of Thailand", "milk chocolate with nuts", "first kiss in the rain", "minutes of the parents' evening", "price of a litre of petrol", "running water in the cellar", "winter sale in the shoe shop",
    "salt lake city hotels", "blue jeans with holes", "how many people live in Brazil", "week end trip to Prague", "how to open a jar of pickles", "air mattress with a pump", "glass of champagne", "wheel of fortune candidate", "wet paint on the bench", "how to press flowers",
    "iron curtain", "gold medal in the pole vault", "power of attorney form", "flat screen television on the wall", "song contest winner", "point of no return", "lunch break of the postman", "open air cinema", "oak furniture shop", "letters to Santa Claus", "ground floor flat with terrace", "the last train home",
    "head of the fire brigade", "right of way at the roundabout", "layer cake with cherries", "two tickets for the match", "how long do hamsters live", "eye surgery costs", "stone age cave paintings", "speed dating", "cast of the new series", "is it safe to eat raw mince", "rock festival camping", "second hand piano", "hour glass figure", "when does the shop close", "box office record", "address of the consulate",
]
# Subjects beside those of the videos, three for each: near in meaning, a few of them with a word in common too.
NEXT_DOOR = [
    "wasp sting", "butterfly net", "silkworm farm", "poker tournament", "crossword puzzle", "backgammon dice", "windsurfing lesson", "scuba diving", "canoe paddle", "cat litter", "goldfish tank", "horse riding",
    "glacier melting", "coal mining", "tsunami warning", "sewing machine", "leather handbag", "embroidery frame", "hospital visiting hours", "hay fever pills", "sunburn cream", "motorcycle helmet", "bus driver wages", "tram line",
    "pension age", "shoplifting fine", "gold price", "drum kit", "choir rehearsal", "violin bow", "green tea", "orange juice", "cocktail bar", "oil painting", "cinema screen hire", "comic strip",
    "Viking ship", "medieval knight", "Greek gods", "biology class", "laboratory rats", "uranium", "brick wall", "roof repair", "wallpaper paste", "weight lifting", "tennis racket", "cycling tour",
    "hypnosis", "meditation retreat", "alarm clock radio", "shark attack", "coral reef", "lobster trap", "theatre play", "newspaper editor", "science fiction novel", "television aerial", "satellite launch", "video game console",
    "paper printing press", "toy robot", "laser cutter", "royal wedding", "army parade", "court trial", "earthquake damage", "solar panel", "ski resort", "job interview questions", "trade union", "tax office",
]
FRAMES = ["{} in the crown jewels", "who designed the {} of the cathedral", "{} for the wedding cake", "does the zebra have a {}", "{} museum tickets", "is there a {} on the spaceship", "buy a {} for my nephew", "{} of the Egyptian pharaohs", "the vampire and the {}", "{} tariffs in Argentina"]
FOREIGN = [
    "wie wird das Wetter am Wochenende in Hamburg", "wo ist der nächste Geldautomat", "Rezept für Apfelstrudel", "warum ist die Banane krumm", "Öffnungszeiten der Schwimmhalle", "wer hat den Schlüssel gesehen", "quelle heure est-il à Montréal", "où est la gare routière", "la recette du boeuf bourguignon", "comment réserver une chambre d'hôtel", "les horaires du musée du Louvre", "je cherche un appartement à louer",
    "dónde está la biblioteca", "cuánto cuesta un billete a Sevilla", "la receta de la paella valenciana", "mi hermana trabaja en un hospital", "los precios de las casas en Madrid", "dove si trova la farmacia", "quanto costa il biglietto per Palermo", "la ricetta del tiramisù", "il treno parte dal binario sette", "vorrei un gelato al pistacchio",
    "waar is het dichtstbijzijnde ziekenhuis", "hoe laat vertrekt de bus", "hvor ligger nærmeste apotek", "jag vill köpa en biljett till Malmö", "missä on lähin ravintola", "gdzie jest najbliższy dworzec", "ile kosztuje bilet do Krakowa", "kde je nejbližší nemocnice", "en yakın eczane nerede", "bilet fiyatları ne kadar", "где находится ближайшая аптека", "сколько стоит билет до Казани", "рецепт борща с пампушками", "最近的医院在哪里", "去机场的火车几点开", "駅はどこですか", "美味しいラーメンの店", "가까운 병원이 어디예요", "أين أقرب صيدلية", "איפה תחנת האוטובוס",
    "berapa harga tiket ke Surabaya", "nhà hàng gần nhất ở đâu",
]
ALONE = "giraffe submarine trombone pharaoh cathedral kangaroo lipstick volleyball passport dinosaur igloo parliamentarian mosquito waffle chimney accordion surfboard tuxedo hamster lottery broccoli zebra skyscraper ballerina toothpaste escalator archaeology cowboy hippopotamus trampoline karate yoghurt bulldozer shampoo mermaid origami casino helicopter mustache pyramid".split()


def kinds(library, seed=1):
    """Of each kind sixty or so queries; some depend on what stands in the library."""
    draw = random.Random(seed)

    def word():
        return "".join(draw.choices(SYLLABLES, k=draw.choice([2, 2, 3])))

    def keys():
        row = draw.choice(KEYS)
        start, count = draw.randrange(len(row)), draw.randint(2, 6)
        run = (row * 2)[start : start + count]
        return draw.choice([run, run[::-1], run[0] * count, "".join(draw.choices(row, k=count))])

    return {
        "no words": [" ".join(word() for _ in range(1 + n % 5)) for n in range(60)],
        "no sense": [" ".join(draw.sample(WORDS, 3 + n % 4)) for n in range(60)],
        "elsewhere": ELSEWHERE,
        "near": NEAR,
        "next door": NEXT_DOOR,
        "one word of it": [draw.choice(FRAMES).format(word) for word in draw.sample(common(library), 40)],
        "foreign": FOREIGN,
        "keyboard": [" ".join(keys() for _ in range(1 + n % 3)) for n in range(60)],
        "alone": ALONE,
    }


def common(library):
    """The words of four letters and more that stand in two places or more."""
    counts = {}
    for text in library:
        for word in set(re.findall(r"[a-z]{4,}", text.lower())):
            counts[word] = counts.get(word, 0) + 1
    return sorted(word for word, count in counts.items() if count > 1)
