"""What two dozen more videos show and say, of other subjects than `lessons.py`: for making thresholds that have to hold
whatever the subject is.

A lesson is boards and objects, each with a query for it, and sentences, each with a query and with a question that says
it otherwise.
"""

SUBJECTS = [
    {
        "boards": [("Hive inspection: every 7 to 9 days", "how often to inspect the hive"), ("queen lays up to 2000 eggs per day", "queen eggs per day"), ("varroa: treat with oxalic acid in December", "varroa treatment oxalic acid")],
        "speech": [("puff a little smoke under the lid before you open it, that keeps the bees calm", "smoke keeps bees calm", "what do beekeepers do so that they are not stung"), ("the workers dance to tell the others where the flowers are", "workers dance flowers", "how does an insect share the way to nectar"), ("leave at least fifteen kilos of honey for the winter", "honey left for winter", "how much food does the colony need in the cold months")],
        "objects": [("beehive", "beehive")],
    },
    {
        "boards": [("Sicilian defence: 1. e4 c5", "sicilian defence"), ("rook endgame: king in front of the pawn", "rook endgame king pawn"), ("knight fork on c7", "knight fork")],
        "speech": [("castle early so that your king is safe behind the pawns", "castle early", "why should one bring the king into safety soon"), ("do not trade pieces when you are behind in material", "trade pieces when behind", "is it wise to exchange when losing"), ("she offered a draw after forty moves and he refused", "draw offer refused", "who declined to split the point")],
        "objects": [("chessboard", "chess board")],
    },
    {
        "boards": [("Port = left, red light; starboard = right, green light", "port and starboard lights"), ("Beaufort 6: reef the mainsail", "when to reef the mainsail"), ("VHF channel 16 for distress", "distress radio channel")],
        "speech": [("when the boat heels too much let the sheet out", "boat heels too much", "what to do if the yacht leans over"), ("a bowline never slips and is easy to untie", "bowline knot", "which knot can be opened again easily"), ("we lost the anchor in the bay and had to dive for it", "lost anchor", "something was dropped in the water and had to be recovered")],
        "objects": [("sailboat", "sailing boat")],
    },
    {
        "boards": [("sit, stay, come: five minutes, three times daily", "sit stay come training"), ("never punish after the fact", "punish after the fact"), ("leash length: 2 metres in town", "leash length")],
        "speech": [("give the treat within one second or he will not know what it was for", "treat within one second", "when must the reward be handed over"), ("puppies need to meet many people before they are sixteen weeks old", "puppies meet people", "socialising young dogs"), ("if she barks at the mailman turn around and walk the other way", "barking at the mailman", "the pet makes noise when letters arrive")],
        "objects": [("dog", "dog")],
    },
    {
        "boards": [("magma chamber, conduit, vent, crater", "magma chamber crater"), ("Richter scale is logarithmic", "richter scale logarithmic"), ("Pacific plate: 7 cm per year", "speed of the pacific plate")],
        "speech": [("basalt cools quickly at the surface so its crystals are tiny", "basalt crystals", "why is dark lava rock so fine grained"), ("the ash cloud closed every airport in northern Europe", "ash cloud airports", "flights were cancelled because of an eruption"), ("hot springs appear where water meets warm rock underground", "hot springs", "where do geysers come from")],
        "objects": [("rock", "rock sample")],
    },
    {
        "boards": [("cast on 84 stitches, 4 mm needles", "cast on stitches"), ("knit 2, purl 2, repeat to end", "knit purl repeat"), ("wash wool cold, dry flat", "washing wool")],
        "speech": [("if you drop a stitch catch it with a crochet hook before it runs down", "dropped stitch", "how to rescue a loop that has slipped off"), ("measure the gauge first or the sweater will fit a giant", "measure gauge sweater", "the jumper turned out much too large"), ("merino is softer than the yarn that my grandmother used", "merino softer yarn", "which wool does not scratch")],
        "objects": [("ball of yarn", "yarn")],
    },
    {
        "boards": [("30 compressions, 2 breaths", "compressions and breaths"), ("burns: cool with water 20 minutes", "cooling burns with water"), ("recovery position if breathing", "recovery position")],
        "speech": [("press hard on the wound and do not lift the cloth to look", "press on the wound", "how to stop bleeding"), ("call the ambulance first and then start with the chest", "call the ambulance first", "when should emergency services be phoned"), ("a person who is choking cannot cough or speak", "choking cannot speak", "signs that somebody has food stuck in the throat")],
        "objects": [("bandage", "bandage")],
    },
    {
        "boards": [("oil change every 15,000 km", "oil change interval"), ("tyre pressure 2.4 bar front, 2.6 bar rear", "tyre pressure front rear"), ("brake pads: minimum 3 mm", "brake pads minimum thickness")],
        "speech": [("if the engine cranks but does not start check the spark plugs", "engine cranks but does not start", "the motor turns over without firing"), ("tighten the wheel nuts in a star pattern", "wheel nuts star pattern", "in which order are the bolts of a rim fastened"), ("a squealing belt is usually loose or wet", "squealing belt", "strange noise from under the bonnet")],
        "objects": [("wrench", "wrench")],
    },
    {
        "boards": [("fixed rate 3.2 % for 10 years", "fixed interest rate"), ("emergency fund = 3 monthly salaries", "emergency fund salaries"), ("rent or buy: break even after 11 years", "rent or buy break even")],
        "speech": [("compound interest doubles your savings in about eighteen years", "compound interest savings", "how does money in the bank grow by itself"), ("the bank wants to see three payslips before it lends you anything", "bank payslips", "proof of income for a loan"), ("never put all of it into a single share", "single share", "why should one diversify investments")],
        "objects": [("calculator", "calculator")],
    },
    {
        "boards": [("ii V I in C: Dm7 G7 Cmaj7", "two five one chords"), ("swing: long short long short", "swing rhythm"), ("pentatonic: 5 notes per octave", "pentatonic notes")],
        "speech": [("listen to the bass player and leave out the root", "leave out the root", "which note can the pianist skip"), ("Miles Davis played fewer notes than anybody else in the band", "Miles Davis fewer notes", "the trumpeter who was so sparing"), ("tune the low string down to D for this song", "tune the low string", "alternate guitar tuning")],
        "objects": [("guitar", "guitar")],
    },
    {
        "boards": [("espresso: 18 g in, 36 g out, 27 seconds", "espresso grams seconds"), ("grind finer = more bitter", "finer grind bitter"), ("water: 93 degrees, soft", "water temperature for brewing")],
        "speech": [("bloom the grounds for half a minute so that the gas escapes", "bloom the grounds", "why wait before pouring the rest of the water"), ("beans taste best between one and four weeks after roasting", "beans after roasting", "how long do roasts keep their aroma"), ("clean the steam wand right after you have frothed the milk", "clean the steam wand", "residue of dairy on the machine")],
        "objects": [("espresso machine", "coffee machine")],
    },
    {
        "boards": [("f/2.8: shallow depth of field", "shallow depth of field"), ("ISO 3200 = visible grain", "iso grain"), ("rule of thirds", "rule of thirds")],
        "speech": [("shoot portraits an hour before sunset when the light is golden", "portraits before sunset", "best time of day to photograph faces"), ("a tripod lets you expose for thirty seconds without blur", "tripod long exposure", "how to keep pictures sharp at night"), ("always focus on the eye that is nearer to you", "focus on the nearer eye", "where should the sharpness lie in a picture of someone")],
        "objects": [("camera", "camera")],
    },
    {
        "boards": [("264 BC: first Punic war", "first punic war"), ("legion = 10 cohorts = 5000 men", "legion cohorts"), ("aqueduct gradient: 30 cm per km", "aqueduct gradient")],
        "speech": [("Hannibal crossed the Alps with thirty seven elephants", "Hannibal elephants Alps", "who brought huge animals over the mountains"), ("Caesar was stabbed on the steps of the senate", "Caesar stabbed senate", "how did the dictator die"), ("soldiers were partly paid in salt", "soldiers paid in salt", "wages of the troops")],
        "objects": [("statue", "marble statue")],
    },
    {
        "boards": [("titration: add NaOH drop by drop", "titration drop by drop"), ("pH 7 = neutral, below = acid", "neutral ph"), ("noble gases: He Ne Ar Kr Xe", "noble gases")],
        "speech": [("the indicator turns pink as soon as the acid is used up", "indicator turns pink", "change of colour at the end of the experiment"), ("pour the acid into the water and never the water into the acid", "pour acid into water", "what is the safe order of mixing"), ("rust is iron that has burned very slowly", "rust is iron", "why does metal left outside go brown")],
        "objects": [("flask", "glass flask")],
    },
    {
        "boards": [("dovetail joint: slope 1 to 8", "dovetail joint"), ("oak, ash, walnut: hardwood", "hardwood species"), ("glue: clamp for 45 minutes", "how long to clamp the glue")],
        "speech": [("always cut on the waste side of the pencil mark", "cut on the waste side", "on which side of the drawing should one saw"), ("sand with the grain and finish with two hundred and forty grit", "sand with the grain", "how to get a smooth surface on timber"), ("a dull chisel is more dangerous than a sharp one", "dull chisel dangerous", "why hone the blade")],
        "objects": [("hammer", "hammer")],
    },
    {
        "boards": [("week 1 to 4: 30 km, long run 12 km", "long run kilometres per week"), ("heart rate zone 2: 120 to 140", "heart rate zone"), ("shoes: replace after 800 km", "when to replace shoes")],
        "speech": [("most people start too fast and walk the last ten kilometres", "start too fast", "why do beginners collapse near the finish"), ("eat pasta the evening before and nothing new in the morning", "pasta the evening before", "what is the right dinner prior to a race"), ("a blister is best left closed", "blister left closed", "should I open the sore on my foot")],
        "objects": [("running shoes", "sneakers")],
    },
    {
        "boards": [("REM phase: every 90 minutes", "rem phase minutes"), ("caffeine half life: 5 hours", "caffeine half life"), ("bedroom: 18 degrees, dark, quiet", "bedroom temperature")],
        "speech": [("blue screens at night push your inner clock back by an hour", "screens at night inner clock", "does a phone keep you awake"), ("teenagers are not lazy, their melatonin comes later", "teenagers melatonin", "why are adolescents tired in the morning"), ("a nap of twenty minutes helps and one of two hours does not", "nap twenty minutes", "how long should you rest after lunch")],
        "objects": [("pillow", "pillow")],
    },
    {
        "boards": [("blue whale: 30 m, 150 t", "blue whale size"), ("krill: 4 tonnes a day", "krill a day"), ("humpback migration: Alaska to Hawaii", "humpback migration route")],
        "speech": [("a calf drinks two hundred litres of milk each day", "calf drinks milk", "what do newborn sea mammals feed on"), ("sperm whales dive for giant squid in complete darkness", "sperm whales giant squid", "hunting deep down in the ocean"), ("their songs travel hundreds of kilometres under water", "whale songs travel", "how far can the singing be heard")],
        "objects": [("whale", "whale")],
    },
    {
        "boards": [("sonnet: 14 lines, abab cdcd efef gg", "sonnet rhyme scheme"), ("metaphor: says that one thing is another", "metaphor definition"), ("iambic pentameter: da DUM x 5", "iambic pentameter")],
        "speech": [("the raven repeats one word and drives the narrator mad", "raven repeats one word", "which bird torments the storyteller"), ("Emily Dickinson published hardly anything while she lived", "Emily Dickinson published", "the author who only became famous after death"), ("read it aloud and you will hear where the line breathes", "read it aloud", "how to find the pauses in verse")],
        "objects": [("book", "open book")],
    },
    {
        "boards": [("TCP handshake: SYN, SYN ACK, ACK", "tcp handshake"), ("DNS: name to address", "dns name address"), ("subnet /24 = 254 hosts", "how many hosts in a subnet")],
        "speech": [("a packet carries a counter so that it cannot circle forever", "packet counter", "what stops data from looping endlessly"), ("the firewall dropped everything from outside on port twenty two", "firewall dropped port", "why could nobody log in remotely"), ("wireless is slow in the kitchen because the microwave disturbs it", "microwave disturbs wireless", "interference with the router")],
        "objects": [("router", "network router")],
    },
    {
        "boards": [("PLA: 205 degrees, PETG: 240 degrees", "petg printing temperature"), ("layer height 0.2 mm", "layer height"), ("infill 15 %, gyroid", "infill gyroid")],
        "speech": [("if the first layer does not stick clean the bed with alcohol", "first layer does not stick", "the model comes off the plate"), ("overhangs beyond forty five degrees need supports", "overhangs need supports", "parts that hang in the air sag"), ("strings between the towers mean that the filament is wet", "wet filament strings", "thin hairs on the printed object")],
        "objects": [("3d printer", "3d printer")],
    },
    {
        "boards": [("turnout 2021: 76.6 %", "voter turnout"), ("two votes: candidate and party list", "two votes candidate party"), ("threshold: 5 per cent", "five per cent threshold")],
        "speech": [("the mayor won by only eleven ballots", "mayor won by eleven ballots", "how close was the race for the town hall"), ("a coalition needs more than half of the seats", "coalition seats", "when do several parties have to govern together"), ("postal votes are counted after the polling stations close", "postal votes counted", "what happens with the letters of those who stay at home")],
        "objects": [("ballot box", "ballot box")],
    },
    {
        "boards": [("cold front: heavy showers, gusts", "cold front showers"), ("1013 hPa = normal pressure", "normal air pressure"), ("cumulonimbus up to 12 km", "cumulonimbus height")],
        "speech": [("fog forms when the ground cools the moist air above it overnight", "fog forms overnight", "why is it hazy early in the day"), ("count the seconds between lightning and thunder and divide by three", "lightning and thunder seconds", "how can I tell the distance of a storm"), ("the jet stream steers the lows across the Atlantic", "jet stream lows", "what moves bad weather from America to us")],
        "objects": [("umbrella", "umbrella")],
    },
    {
        "boards": [("welcome day: Monday 9:00, room Oslo", "welcome day room"), ("badge, laptop, parking card at reception", "parking card reception"), ("probation: six months", "probation months")],
        "speech": [("your mentor takes you to lunch on the first day", "mentor lunch", "who looks after newcomers"), ("holidays have to be approved two weeks ahead", "holidays approved two weeks ahead", "how early must I apply for time off"), ("the canteen serves a vegetarian dish every day except Sunday", "canteen vegetarian dish", "is there something to eat without meat")],
        "objects": [("name badge", "name tag")],
    },
]

# What is said between the sentences, in every video and so of no use to tell them apart.
ASIDES = ["good morning and thanks for coming", "is the microphone on", "we will look at an example in a moment", "write that down", "who can tell me why", "let us move on", "that was the most important part", "questions at the end please"]
