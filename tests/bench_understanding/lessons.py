"""What thirty videos show and say, and what somebody who remembers it would type to find it again.

A lesson is boards, sentences and objects, each a pair of what is there and a query for it: some queries share its words,
some say it otherwise. The halves share no lesson.
"""

LESSONS = {
    "tuning": [
        {
            "boards": [("y = mx + b, slope m = rise / run", "slope rise run"), ("intercept b: where the line meets the axis", "where does the line cross the axis"), ("homework: worksheet 12, problems 3 to 9", "homework worksheet problems")],
            "speech": [("the steeper the hill the larger the slope", "steep hill slope"), ("parallel lines never meet because their slopes are equal", "why parallel lines do not meet"), ("if you double x then y grows by twice the slope", "what happens when x is doubled")],
            "objects": [("ruler", "ruler")],
        },
        {
            "boards": [("Photosynthesis: 6 CO2 + 6 H2O to C6H12O6 + 6 O2", "photosynthesis equation"), ("chlorophyll absorbs red and blue light", "chlorophyll light colours"), ("stomata open by day, close by night", "stomata day night")],
            "speech": [("plants turn sunlight into sugar inside their leaves", "how plants make sugar from sunlight"), ("without water the leaves wilt within hours", "leaves wilt without water"), ("oxygen is what is left over and it goes into the air", "oxygen left over")],
            "objects": [("potted plant", "plant in a pot")],
        },
        {
            "boards": [("supply curve up, demand curve down", "supply and demand curves"), ("equilibrium price: 14 euros", "equilibrium price"), ("elasticity = % change of quantity / % change of price", "elasticity formula")],
            "speech": [("when the harvest fails bread becomes expensive", "bread gets expensive after a bad harvest"), ("a tax moves the whole curve to the left", "tax shifts the curve"), ("people buy less butter and more margarine", "butter margarine")],
            "objects": [("bread", "loaf of bread")],
        },
        {
            "boards": [("quick sort: O(n log n) on average", "quick sort average complexity"), ("merge sort needs n extra memory", "merge sort memory"), ("stable = equal keys keep their order", "stable sorting equal keys")],
            "speech": [("we pick a pivot and move smaller numbers to the left", "pivot smaller numbers left"), ("bubble sort is fine for ten elements and hopeless for a million", "bubble sort hopeless"), ("the worst case happens when the list is sorted already", "worst case of an already sorted list")],
            "objects": [("laptop", "laptop computer")],
        },
        {
            "boards": [("Q3 roadmap: beta on 15 September", "beta september roadmap"), ("hiring: two designers, one tester", "hiring designers tester"), ("budget 48,000 for hardware", "hardware budget")],
            "speech": [("we lost two customers because support was slow", "customers left because of slow support"), ("the office in Lisbon opens next month", "Lisbon office opening"), ("please send your travel receipts before Friday", "travel receipts deadline")],
            "objects": [("coffee cup", "cup of coffee")],
        },
        {
            "boards": [("vaccines: dose 1, then dose 2 after 21 days", "second vaccine dose after how many days"), ("antibodies bind to the spike", "antibodies spike"), ("store at minus 70 degrees", "storage temperature minus 70")],
            "speech": [("your immune system remembers the shape of the virus", "immune system remembers the virus"), ("a sore arm for a day or two is normal", "sore arm normal"), ("the trial had thirty thousand volunteers", "how many volunteers in the trial")],
            "objects": [("syringe", "syringe needle")],
        },
        {
            "boards": [("1/2 + 1/4 = 3/4", "one half plus one quarter"), ("common denominator first", "common denominator"), ("divide: multiply by the reciprocal", "dividing fractions reciprocal")],
            "speech": [("imagine a pizza cut into eight slices", "pizza slices"), ("never add the numbers below the line", "do not add denominators below the line"), ("three quarters is the same as seventy five percent", "three quarters in percent")],
            "objects": [("pizza", "pizza")],
        },
        {
            "boards": [("Ohm: U = R x I", "Ohm's law"), ("resistors in series add up", "resistors in series"), ("fuse: 16 A", "fuse ampere")],
            "speech": [("a lamp glows because the wire gets hot", "why a lamp glows"), ("never touch the bare copper while it is plugged in", "do not touch bare copper"), ("a battery pushes electrons around the circuit", "battery pushes electrons")],
            "objects": [("light bulb", "light bulb")],
        },
        {
            "boards": [("1789: storming of the Bastille", "Bastille 1789"), ("three estates: clergy, nobility, commoners", "three estates clergy nobility"), ("1793: the king is executed", "execution of the king")],
            "speech": [("bread riots began in the markets of Paris", "riots in the markets of Paris"), ("the queen never said that they should eat cake", "queen cake quote"), ("the army joined the people in July", "army joined the people")],
            "objects": [("flag", "flag")],
        },
        {
            "boards": [("sourdough: 500 g flour, 350 g water, 10 g salt", "sourdough flour water salt"), ("proof for 12 hours at 20 degrees", "proofing time hours"), ("bake at 240 degrees with steam", "baking temperature steam")],
            "speech": [("fold the dough every half hour without tearing it", "fold the dough"), ("you know it is done when it sounds hollow", "bread sounds hollow when done"), ("feed the starter once a day with rye", "feeding the starter rye")],
            "objects": [("oven", "oven")],
        },
        {
            "boards": [("offside: second last defender", "offside rule defender"), ("4-3-3 against 3-5-2", "4-3-3 formation"), ("training Tuesday and Thursday 18:30", "training tuesday thursday")],
            "speech": [("press high when their goalkeeper has the ball", "press the goalkeeper"), ("our left back runs more than twelve kilometres a game", "left back kilometres"), ("drink before you are thirsty", "drink before thirsty")],
            "objects": [("football", "football ball")],
        },
        {
            "boards": [("git rebase rewrites history", "rebase rewrites history"), ("never force push to main", "force push main"), ("merge conflict: choose, test, commit", "merge conflict steps")],
            "speech": [("small commits are easier to review than large ones", "small commits review"), ("a branch is only a pointer that moves", "branch is a pointer"), ("when in doubt make a backup of the folder", "backup of the folder")],
            "objects": [("keyboard", "keyboard")],
        },
        {
            "boards": [("Mars: 687 days around the sun", "Mars year days"), ("Jupiter: 79 known moons", "moons of Jupiter"), ("light needs 8 minutes from the sun", "light from the sun minutes")],
            "speech": [("a comet has a tail of dust and gas", "comet tail dust gas"), ("on the moon you would weigh a sixth", "weight on the moon"), ("the rings of Saturn are mostly ice", "Saturn rings ice")],
            "objects": [("telescope", "telescope")],
        },
        {
            "boards": [("F = m a", "force mass acceleration"), ("g = 9.81 m/s2", "gravity 9.81"), ("momentum is conserved", "conservation of momentum")],
            "speech": [("a heavy truck needs longer to stop", "truck stopping distance"), ("for every action there is an equal reaction", "action and reaction"), ("an ice skater spins faster with arms pulled in", "ice skater spins faster")],
            "objects": [("truck", "truck")],
        },
        {
            "boards": [("der, die, das", "german articles der die das"), ("past tense: ich ging, du gingst", "german past tense ging"), ("exam on 8 June in room 214", "exam room 214")],
            "speech": [("the verb goes to the very end of the sentence", "verb at the end"), ("listen to radio plays every evening", "listen to radio plays"), ("there are more than five words for rain up north", "words for rain")],
            "objects": [("dictionary", "dictionary book")],
        },
    ],
    "held-out": [
        {
            "boards": [("gradient descent: w = w - eta * dL/dw", "gradient descent update"), ("learning rate 0.01 to 0.1", "learning rate"), ("overfitting: train 99 %, test 71 %", "overfitting train test percent")],
            "speech": [("imagine walking down a mountain in thick fog", "walking down a mountain in fog"), ("more data beats a cleverer model", "more data is better than a clever model"), ("dropout switches off half of the neurons at random", "dropout switches off neurons")],
            "objects": [("robot", "robot")],
        },
        {
            "boards": [("water cycle: evaporation, condensation, precipitation", "evaporation condensation"), ("71 % of the earth is ocean", "how much of the earth is ocean"), ("glaciers hold 69 % of fresh water", "fresh water glaciers")],
            "speech": [("clouds are tiny drops that hang in the air", "clouds are tiny drops"), ("when rivers reach the sea they slow down", "rivers slow down at the sea"), ("the dam gives power to two million homes", "dam power homes")],
            "objects": [("umbrella", "umbrella")],
        },
        {
            "boards": [("marginal cost = cost of one more unit", "marginal cost definition"), ("profit is largest where MR = MC", "maximum profit where"), ("fixed cost: rent 3,200", "fixed cost rent")],
            "speech": [("the factory in Poland works three shifts", "factory shifts Poland"), ("discounts before Christmas eat the whole margin", "Christmas discounts margin"), ("a monopoly sets the price it likes", "monopoly sets the price")],
            "objects": [("calculator", "calculator")],
        },
        {
            "boards": [("hash(key) mod 16", "hash key modulo"), ("collision: chain or probe", "hash collision chaining"), ("resize at load 0.7", "resize load factor")],
            "speech": [("think of it as a cloakroom with numbered hooks", "cloakroom with hooks"), ("looking something up takes the same time however much there is", "lookup in constant time"), ("bad functions put everything into one bucket", "everything in one bucket")],
            "objects": [("headphones", "headphones")],
        },
        {
            "boards": [("open risks: supplier, licence, heat", "open risks supplier"), ("owner Maria, backup Jonas", "who is the owner and the backup"), ("go live 3 November", "go live date")],
            "speech": [("the supplier in Vietnam is four weeks late", "late supplier Vietnam"), ("legal has not signed the licence yet", "licence not signed by legal"), ("we will rent a second warehouse for the winter", "second warehouse winter")],
            "objects": [("whiteboard marker", "marker pen")],
        },
        {
            "boards": [("P(heads) = 0.5", "probability of heads"), ("expected value = sum of x * p", "expected value formula"), ("Bayes: P(A|B) = P(B|A) P(A) / P(B)", "Bayes theorem")],
            "speech": [("the casino always wins in the long run", "casino wins in the long run"), ("two dice make seven more often than any other sum", "two dice seven"), ("a positive test does not mean that you are ill", "positive test does not mean illness")],
            "objects": [("dice", "dice")],
        },
        {
            "boards": [("plates move 3 cm a year", "plates move centimetres per year"), ("subduction: one plate dives", "subduction plate"), ("Richter 9.5, Chile 1960", "strongest earthquake Chile")],
            "speech": [("mountains grow where continents collide", "mountains grow where continents collide"), ("most volcanoes lie around the Pacific", "volcanoes around the Pacific"), ("animals seem to feel the tremor before we do", "animals feel earthquakes")],
            "objects": [("globe", "globe")],
        },
        {
            "boards": [("20 % of 350 = 70", "20 percent of 350"), ("VAT 19 %, reduced 7 %", "VAT rates"), ("interest: K = K0 (1 + p)^n", "compound interest formula")],
            "speech": [("a shirt for forty is reduced by a quarter", "shirt reduced by a quarter"), ("your savings double in about twenty years", "savings double in years"), ("percent means out of a hundred", "meaning of percent")],
            "objects": [("t-shirt", "shirt")],
        },
        {
            "boards": [("DNA: A-T, C-G", "DNA base pairs"), ("mitosis: 46 chromosomes", "chromosomes mitosis"), ("RNA leaves the nucleus", "RNA nucleus")],
            "speech": [("identical twins share all of their genes", "identical twins genes"), ("a mutation is a typing error in the code", "mutation typing error"), ("you inherit one copy from each parent", "inherit a copy from each parent")],
            "objects": [("microscope", "microscope")],
        },
        {
            "boards": [("risotto: 320 g rice, 1 l stock", "risotto rice stock"), ("add parmesan off the heat", "parmesan off the heat"), ("serves four, 25 minutes", "serves four")],
            "speech": [("toast the rice until it smells of nuts", "toast the rice"), ("stir slowly and never leave the pot", "stir and do not leave the pot"), ("white wine goes in before the broth", "wine before broth")],
            "objects": [("saucepan", "pan pot")],
        },
        {
            "boards": [("knight moves in an L", "knight L move chess"), ("castle early", "castle early chess"), ("rook ending: cut off the king", "rook ending king")],
            "speech": [("control the centre before you attack", "control the centre"), ("she gave up her queen and won in five moves", "gave up the queen and won"), ("never play with hope, always with a plan", "play with a plan")],
            "objects": [("chess board", "chess")],
        },
        {
            "boards": [("TCP: SYN, SYN-ACK, ACK", "TCP handshake"), ("port 443 = https", "https port"), ("ping 1.1.1.1", "ping address")],
            "speech": [("a packet may take a different road each time", "packets take different roads"), ("the firewall drops whatever it does not know", "firewall drops unknown"), ("the cable under the Atlantic is as thick as a hose", "cable under the Atlantic")],
            "objects": [("router", "router")],
        },
        {
            "boards": [("Beethoven 5: short short short long", "Beethoven five motif"), ("C major: no sharps", "C major sharps"), ("tempo 120, crescendo from bar 9", "tempo crescendo bar")],
            "speech": [("he wrote it when he could hardly hear", "wrote it when nearly deaf"), ("the violins answer the horns", "violins answer horns"), ("practise slowly and the speed comes by itself", "practise slowly")],
            "objects": [("violin", "violin")],
        },
        {
            "boards": [("CPR: 30 compressions, 2 breaths", "CPR compressions breaths"), ("emergency call 112", "emergency number"), ("recovery position: on the side", "recovery position")],
            "speech": [("push hard in the middle of the chest", "push on the chest"), ("keep burnt skin under cool water for ten minutes", "burns cool water"), ("send somebody to wait for the ambulance", "wait for the ambulance")],
            "objects": [("first aid kit", "first aid box")],
        },
        {
            "boards": [("rule of thirds", "rule of thirds"), ("ISO 100, f/8, 1/250 s", "ISO aperture shutter"), ("golden hour: after sunrise", "golden hour sunrise")],
            "speech": [("a longer lens makes the background blurry", "long lens blurry background"), ("clean the sensor with air and never with your breath", "clean the sensor"), ("wait for the child to look away", "wait until the child looks away")],
            "objects": [("tripod", "tripod")],
        },
    ],
}

FILLER = {
    "tuning": ["welcome back everybody", "let me go to the next slide", "any questions so far", "that is all for today", "please turn off your phones", "we will come back to that", "so what does this tell us", "thank you for watching"],
    "held-out": ["good to see you again", "can everybody hear me", "let us take a short break", "see you all next week", "I will repeat that once more", "as I said before", "now comes the interesting part", "have a nice weekend"],
}

# Asked of either half; nothing in it is about them.
NONSENSE = [
    "giraffe at the dentist", "medieval castle siege engine", "how to knit a scarf", "stock photo of penguins", "motorcycle gang",
    "submarine periscope", "wedding dress fitting", "tattoo removal", "llama farming in Peru", "beekeeping honey extractor",
    "Shakespeare sonnet", "surfing championship Hawaii", "haunted lighthouse", "dinosaur fossil dig", "karaoke night",
    "bagpipe orchestra", "camel caravan", "zeppelin crash", "perfume bottle", "sumo wrestling",
    "crocodile attack", "opera singer backstage", "pirate treasure map", "ballet rehearsal", "typewriter repair",
    "quidditch tournament", "asdf qwer zxcv", "cactus greenhouse", "tax fraud trial", "parachute jump",
    "snow leopard cubs", "vintage car auction", "origami crane", "divorce lawyer", "mushroom foraging",
    "ski jump record", "circus elephant", "blacksmith forging a sword", "airport security queue", "skateboard trick",
]
