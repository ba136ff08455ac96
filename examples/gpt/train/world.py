"""The people, places, weather and things that the tales are made of.

Every word here was written for this example. Entries that belong together stay together in one
tuple, so that a tale never meets a harbour in the mountains or snow in the middle of a hot day.
"""

GIRLS = ["Mira", "Lena", "Suri", "Ada", "Nell", "Ines", "Tove", "Wren", "Juna", "Clara"]
BOYS = ["Tobin", "Emil", "Jory", "Pavel", "Oskar", "Finn", "Milo", "Anton", "Davi", "Leo"]

# (name, kind, pronoun): the animals of the animal tales.
ANIMALS = [
    ("Rusk", "fox", "he"), ("Pim", "hedgehog", "he"), ("Bracken", "hare", "he"),
    ("Digby", "mole", "he"), ("Tilly", "mouse", "she"), ("Clover", "goose", "she"),
    ("Maud", "owl", "she"), ("Bodo", "badger", "he"), ("Sedge", "otter", "she"),
    ("Nutmeg", "squirrel", "she"), ("Kesh", "crow", "he"), ("Fern", "deer", "she"),
]

# (title and name, pronoun, where to find them by day)
ELDERS = [
    ("Marta the baker", "she", "in the warm bakery"),
    ("Silas the clockmaker", "he", "among his ticking clocks"),
    ("Greta the weaver", "she", "at her loom"),
    ("Otto the ferryman", "he", "beside his boat"),
    ("Edda the beekeeper", "she", "between the hives"),
    ("Bram the blacksmith", "he", "at the glowing forge"),
    ("Ruth the teacher", "she", "in the empty schoolroom"),
    ("Hugo the gardener", "he", "behind the roses"),
    ("Odile the potter", "she", "at her wheel"),
    ("Casper the lamplighter", "he", "at the foot of his ladder"),
]

ANIMAL_ELDERS = [
    ("the old tortoise", "he", "under the ferns"),
    ("the grey heron", "she", "in the shallow water"),
    ("the wise toad", "he", "on his round stone"),
    ("the old goat", "she", "by the broken gate"),
    ("the great stag", "he", "at the edge of the trees"),
]

# (home, where it is, a far corner, a meeting place, the way between them, water)
PLACES = [
    ("village", "by the sea", "the lighthouse", "the harbour wall", "the cliff path", "the bay"),
    ("town", "at the foot of the mountains", "the old watchtower", "the market square",
     "the steep road", "the stream"),
    ("village", "in a green valley", "the windmill", "the stone well", "the long lane", "the river"),
    ("city", "of bridges and canals", "the clock tower", "the fountain", "the narrow street",
     "the canal"),
    ("village", "at the edge of the moor", "the ruined chapel", "the barn door", "the muddy track",
     "the pond"),
    ("village", "on a small island", "the northern beach", "the jetty", "the sandy path",
     "the lagoon"),
    ("hamlet", "between two lakes", "the boathouse", "the village green", "the reed path",
     "the lake"),
]

ANIMAL_PLACES = [
    ("forest", "of tall pines", "the hollow oak", "the mossy log", "the needle path", "the brook"),
    ("wood", "behind the hills", "the fallen beech", "the round clearing", "the winding trail",
     "the stream"),
    ("meadow", "full of clover", "the crooked willow", "the flat rock", "the grassy track",
     "the pond"),
    ("marsh", "of reeds and mist", "the rotten pier", "the dry hummock", "the plank path",
     "the river"),
]

# (when, what the sky did, what it does to the way, how the day ends)
WEATHER = [
    ("rainy morning", "Rain drummed on every leaf and roof", "slippery with mud",
     "By evening the rain had stopped and the puddles were full of stars"),
    ("windy afternoon", "The wind tugged at hats and branches", "covered in broken twigs",
     "When night came, the wind lay down like a tired dog"),
    ("cold winter day", "Snow had fallen all night long", "deep under fresh snow",
     "That night the snow began to fall again, soft and slow"),
    ("foggy morning", "A thick fog hid everything beyond ten steps", "lost in grey fog",
     "Later the fog lifted, and the moon looked down on them"),
    ("hot summer day", "The sun stood high and the air was still", "dusty and hot",
     "The evening was warm, and the crickets sang until late"),
    ("bright spring morning", "Small clouds sailed across a blue sky", "soft and wet from the melting snow",
     "The sun went down behind the hills, and the birds grew quiet"),
    ("golden autumn day", "Red leaves were drifting down from the trees", "deep in dry leaves",
     "At dusk the smell of wood smoke filled the air"),
    ("stormy evening", "Thunder rolled over the hills", "dark and full of puddles",
     "At last the storm moved away, and only a few drops fell"),
]

# (a treasure, why it matters)
TREASURES = [
    ("silver whistle", "It could be heard from one end of the world to the other"),
    ("blue scarf", "It was the warmest scarf anyone had ever made"),
    ("brass key", "It opened a box that nobody else could open"),
    ("wooden flute", "It had a voice as clear as water"),
    ("glass marble", "It held a tiny green spiral, like a frozen wave"),
    ("red kite", "It flew higher than any other kite"),
    ("little compass", "Its needle always pointed home"),
    ("copper bell", "Its sound was small and very sweet"),
    ("striped shell", "It whispered when it was held to the ear"),
    ("painted box", "It was just large enough for one secret"),
    ("leather notebook", "Every page was full of small drawings"),
    ("old lantern", "Its light was yellow and friendly"),
]

# (hiding place, how the thing got there)
HIDING = [
    ("under the wooden steps", "it had rolled there all by itself"),
    ("in a magpie's nest", "the magpie liked everything that was shiny or new"),
    ("between two roots of an old tree", "it had slipped out during a game"),
    ("behind a heap of firewood", "somebody had pushed it there by mistake"),
    ("at the bottom of an empty barrel", "it had fallen in without a sound"),
    ("on a high branch", "the wind had carried it up there"),
    ("inside an old boot", "a mouse had wanted it for her bed"),
]

# (what is made, with what, what goes wrong, what is missing)
CRAFTS = [
    ("a honey cake", "flour, eggs and honey", "it came out as flat as a plate", "more time to rise"),
    ("a kite", "paper, string and two thin sticks", "it dived straight into the mud", "a longer tail"),
    ("a raft", "planks, rope and an old barrel", "it sank before anyone could sit down",
     "a second barrel"),
    ("a lantern", "wire, wax and coloured paper", "the flame went out again and again",
     "a few holes for the air"),
    ("a bird house", "boards, nails and a bit of paint", "not a single bird came near it",
     "a quiet place in the shade"),
    ("a warm soup", "carrots, onions and a little salt", "it tasted of nothing but water",
     "a slow fire"),
    ("a tree house", "branches, rope and an old door", "it leaned to one side and creaked",
     "one more strong beam"),
    ("a drum", "a bucket, a skin and some string", "it made no more noise than a pillow",
     "a tighter skin"),
]

# (who is in trouble, the same one later, where, what has happened, what helps)
TROUBLES = [
    ("a young duck", "the young duck", "in the reeds", "its foot was caught in a piece of net",
     "cut the net, one knot after the other"),
    ("a lamb", "the lamb", "on a narrow ledge", "it could go neither up nor down",
     "laid a plank from the ledge to the path"),
    ("a small owl", "the small owl", "at the foot of a wall", "it had hurt its wing",
     "made a bed of hay in an old basket"),
    ("a grey kitten", "the grey kitten", "at the top of a tall tree", "it was too afraid to climb down",
     "leaned a long ladder against the trunk"),
    ("a tired donkey", "the tired donkey", "in a deep ditch", "its cart had tipped over",
     "pushed the cart up, a little at a time"),
    ("a puppy", "the puppy", "in an empty well", "it had chased a leaf and fallen in",
     "let down a basket on a rope"),
]

# (what is heard at night, what it turns out to be)
SOUNDS = [
    ("a slow knocking", "a loose shutter that swung in the wind"),
    ("a strange humming", "a swarm of bees that had moved into the wall"),
    ("a soft crying", "a kitten that had lost its mother"),
    ("a deep rumbling", "a bear cub that snored in its sleep"),
    ("a thin whistling", "a crack in the window through which the air was blowing"),
    ("a quick scratching", "a hedgehog that was looking for beetles"),
]

# (seed, how it looks, what grows from it)
SEEDS = [
    ("a black seed", "no bigger than a crumb", "a sunflower as tall as the roof"),
    ("a brown acorn", "smooth and heavy", "a small oak with four bright leaves"),
    ("a white bean", "round as a pearl", "a vine with a hundred red flowers"),
    ("a striped seed", "as light as a feather", "a pumpkin so big that two could sit on it"),
    ("a wrinkled bulb", "that looked like an old onion", "a lily that opened only at night"),
]

# (what is delivered, what would spoil it)
PARCELS = [
    ("a letter with a green seal", "It must not get wet"),
    ("a basket of eggs", "Not one of them may break"),
    ("a jar of medicine", "It must arrive before dark"),
    ("a warm loaf of bread", "It should still be warm at the door"),
    ("a cage with a singing bird", "The bird must not be frightened"),
    ("a clock in a wooden case", "It must always stand upright"),
]

# (trait, what such a one does)
TRAITS = [
    ("curious", "asked questions from morning to night"),
    ("shy", "spoke so softly that few could hear"),
    ("brave", "was not afraid of the dark"),
    ("patient", "could sit still for an hour"),
    ("stubborn", "never gave up once something had begun"),
    ("kind", "always shared the last piece of bread"),
    ("clever", "knew the answer to every riddle"),
    ("careless", "forgot nearly everything"),
    ("proud", "did not like to ask for help"),
    ("cheerful", "sang even while working"),
]
