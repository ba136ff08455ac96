"""The plots. Each takes a tale with its cast and setting and tells it from beginning to end.

A plot keeps cause and consequence apart from wording: the things drawn at its start decide what can
happen, and the choices in brackets only decide how it is said.
"""

import world
from tale import Tale

SAID = "[said|said|answered|replied]"


def once(t: Tale) -> None:
    t.say("[Once upon a time|Once upon a time|Long ago|Many years ago], in a(n) {home} {where}, there lived a(n) {trait} {hero_kind} named {hero}.")
    t.maybe("{he_hero^} {habit}.", 0.7)
    t.say("One {day}, {hero} [was on {his_hero} way to|came to|sat down beside] {spot}.")
    t.maybe("{sky}.")


def weather_first(t: Tale) -> None:
    t.say("It was a(n) {day} in the {home} {where}.")
    t.say("{sky}[.|, and {way} was {wayfeel}.]")
    t.say("{hero}, a(n) {trait} {hero_kind}, [stood|sat|waited] [by|near|beside] {spot}.")


def most_of_all(t: Tale) -> None:
    t.say("{hero} was the most {trait} {hero_kind} in the {home} {where}.")
    t.say("{he_hero^} {habit}[.|, and everybody knew it.|, and nobody minded.]")
    t.say("One {day}, {hero} [went|walked|came] down to {spot}.")
    t.maybe("{sky}.")


def two_friends(t: Tale) -> None:
    t.friend_known = True
    t.say("[In a(n) {home} {where} there lived|Once upon a time, in a(n) {home} {where}, there lived|There were once] two friends, {hero} the {hero_kind} and {friend} the {friend_kind}.")
    t.say("{hero} was {trait} and {habit}.")
    t.say("One {day} they met [at|by|near] {spot}[.|, although {way} was {wayfeel}.]")


def one_day(t: Tale) -> None:
    t.say("One {day}, {hero} the {hero_kind} [went|walked|came] [down |]to {spot}.")
    t.say("[{sky}.|{hero} was {trait} and {habit}.]")
    t.maybe("It was quiet in the {home}, and [nobody else was there|there was nothing to do|everybody was still at work].", 0.3)


def in_the_middle(t: Tale) -> None:
    t.say("{sky} when {hero}, a(n) {trait} {hero_kind}, [came to|stopped at|reached] {spot}.")
    t.maybe("{way^} was {wayfeel}.", 0.3)
    t.maybe("The {home} {where} was [quiet|half asleep|full of voices].", 0.3)


def there_was_once(t: Tale) -> None:
    t.say("There was once a(n) {trait} {hero_kind} called {hero}, who [lived|had been born] in a(n) {home} {where}.")
    t.say("{he_hero^} {habit}. One {day}, [{hero}|{he_hero}] [went|walked] to {spot}.")


def lived(t: Tale) -> None:
    t.say("{hero} [lived|had always lived] in a(n) {home} {where}, not far from {spot}.")
    t.say("[{he_hero^} was {trait} and {habit}.|{he_hero^} was a(n) {trait} {hero_kind} and {habit}.]")
    t.say("It was a(n) {day}. {sky}.")


OPENINGS = [once, once, weather_first, most_of_all, two_friends, two_friends, one_day, one_day, in_the_middle, there_was_once, lived]


def closing(t: Tale, lesson: str) -> None:
    t.maybe("{dusk}.", 0.6)
    t.say(lesson)


def lost_thing(t: Tale) -> None:
    t.draw("thing why", world.TREASURES)
    t.draw("hiding how", world.HIDING)
    t.say("[That day|Suddenly] {hero} [put a hand into {his_hero} pocket|looked into {his_hero} bag|stopped] and [turned pale|gasped|held {his_hero} breath]. The {thing} was gone!")
    t.maybe("{why}[.|, and {hero} had never let it out of {his_hero} sight.]", 0.7)
    t.paragraph()
    t.say("\"[What is wrong|Why do you look so sad|What has happened]?\" asked {friend1}.")
    t.say("\"I have lost my {thing},\" " + SAID + " {hero}. \"[I have looked everywhere|I had it this morning|I do not know where it can be].\"")
    t.say("\"[Then|Well, then|Do not cry.] [we will look together|let us look for it together|four eyes see more than two],\" said {friend}.")
    t.say("They searched [along {way}|around {spot}] and [all the way to {corner}|down by {water}], but [they found nothing|there was no sign of it].")
    if t.chance(0.5):
        t.say("[At last|In the end] they asked {elder}, whom they found {elder_place}.")
        t.say("\"[When I lose a thing|When something is lost],\" said {elder}, \"I look [where nobody would look|in the last place first|low before I look high].\"")
    t.paragraph()
    t.say("[It was {friend} who|Then {friend}] [saw|noticed] something [small|strange] {hiding}. \"[Look|Look there|Come quickly]!\" {he_friend} [cried|called|shouted].")
    t.say("There lay the {thing}; {how}.")
    t.say("{hero} [laughed|jumped with joy|did not know what to say] and [hugged {friend}|thanked {friend} three times|danced around {spot}].")
    closing(t, "[From that day on|After that], {hero} [took better care of the {thing}|let {friend} use the {thing} whenever {he_friend} wanted|kept the {thing} in a safe place].")


def craft(t: Tale) -> None:
    t.draw("work stuff fail need", world.CRAFTS)
    t.say("\"[Today|This time|Tomorrow is the feast, so today] I will make {work},\" said {hero}. [All that was needed was|It would take only] {stuff}.")
    t.say("{he_hero^} worked [for hours|for a long time|without a rest], but when it was done, {fail}.")
    t.paragraph()
    t.say("{friend1^} came by and [tried not to laugh|looked at it from all sides|shook {his_friend} head].")
    t.say("\"[It is no use|I will never learn it|I give up]!\" cried {hero}.")
    t.say("\"[Do not give up|Try once more|Nobody gets it right the first time],\" " + SAID + " {friend}. \"[Let us ask {elder}|{elder^} will know what to do].\"")
    t.say("They found {elder} {elder_place}. {he_elder^} [listened|looked at it for a long time|thought for a while] and [smiled|nodded].")
    t.say("\"[You were too quick|It is nearly right|I made the same mistake once],\" {he_elder} said. \"All it needs is {need}.\"")
    t.paragraph()
    t.say("So {hero} and {friend} [began again|started from the beginning|tried again], and this time they [gave it {need}|did not forget: {need}].")
    t.say("[When it was ready|When they had finished], it was the finest thing [in the whole {home}|anyone had seen that year].")
    t.say("\"[We did it|It works|Look at that]!\" [they both shouted|cried {hero}|cried {friend}].")
    closing(t, "{hero} [learned|understood] that [a mistake is only the first step|good work needs time|a friend is the best tool of all].")


def trouble(t: Tale) -> None:
    t.draw("poor poor_the trap what help", world.TROUBLES)
    t.say("{hero} was [on {his_hero} way to {corner}|walking along {way}] when {he_hero} heard a [small|weak|frightened] [cry|voice].")
    t.say("{he_hero^} followed the sound and found {poor} {trap}: {what}.")
    t.paragraph()
    t.say("\"[Wait|Do not be afraid|Stay still]!\" called {hero}. \"[I will fetch help|I will be back soon|We will get you out].\"")
    t.say("{he_hero^} ran [back to {spot}|as fast as {he_hero} could], where {friend1} was [resting|waiting|looking at the clouds].")
    t.say("\"[Come quickly|I need you]!\" [cried|said] {hero}. \"{poor^} is in trouble.\"")
    t.maybe("{friend} did not ask a single question[.| but came at once.]")
    t.say("Together they {help}. It was [hard|slow|difficult] work, [for|because] {way} was {wayfeel}.")
    t.maybe("Once [the rope slipped|they nearly fell|{friend} lost {his_friend} footing], but {hero} [held on|did not let go|caught {him_friend} in time].", 0.4)
    t.paragraph()
    t.say("[At last|After a long while] {poor_the} was [safe|free|safe again]. It [looked at them with bright eyes|trembled a little|took a careful step and then another].")
    t.say("\"[I could not have done it without you|That was close|You were very brave],\" said {hero}.")
    closing(t, "[Every day after that|From then on], {poor_the} [came to meet them at {spot}|followed them wherever they went|waited for them by {water}].")


def night_sound(t: Tale) -> None:
    t.draw("sound cause", world.SOUNDS)
    t.say("[That night|When it was dark|In the middle of the night], {hero} [woke up|could not sleep|sat up and listened]. There was {sound} [near {corner}|not far from {spot}|somewhere in the dark].")
    t.say("\"[Who is there|Is anybody there]?\" [whispered|asked] {hero}. [Nobody answered|There was no answer].")
    t.paragraph()
    t.say("{he_hero^} [ran to|woke|called] {friend1}. \"[Do you hear that?|Listen!] [It must be a ghost|Something is out there|I am afraid to go alone].\"")
    t.say("\"[There are no ghosts|A sound always has a reason|Let us go and see],\" " + SAID + " {friend}, but {his_friend} voice [was not quite steady|trembled a little|was very small].")
    t.say("[Hand in hand|Side by side|Step by step] they [crept|walked|went] along {way}, which was {wayfeel}.")
    t.say("The sound grew [louder|clearer] and louder.")
    t.maybe("{hero} wanted to turn back, but {friend} [took {his_hero} arm|went on|shook {his_friend} head].")
    t.paragraph()
    t.say("[Then|At last] they [looked around the corner|lifted the light|came close enough to see], and there it was: {cause}!")
    t.say("They [looked at each other and laughed|laughed until they had to sit down|felt very silly and very happy].")
    closing(t, "[Since then|From that night on], {hero} [was no longer afraid of the dark|always went to look before being afraid|liked the sounds of the night].")


def quarrel(t: Tale) -> None:
    t.draw("thing why", world.TREASURES)
    t.say("{hero} and {friend1} [found|discovered] a(n) {thing} [near {corner}|beside {water}|on {way}]. {why}.")
    t.say("\"[It is mine|I saw it first|It belongs to me]!\" [cried|said] {hero}.")
    t.say("\"[No, it is mine|But I picked it up|That is not fair]!\" [cried|said] {friend}.")
    t.say("They [shouted|pulled|argued] until [they were both red in the face|neither would look at the other|nobody could remember how it had begun].")
    t.paragraph()
    t.say("{hero} [went|walked] home alone and {friend} [stayed|sat] at {spot} alone. The day [was long|seemed endless], and the {thing} was no fun at all.")
    t.say("[In the end|After a while] {hero} went to {elder}, who was {elder_place}.")
    t.say("\"What [is worth more|would you rather keep],\" asked {elder}, \"a(n) {thing} or a friend?\"")
    t.say("{hero} [thought about it|was silent for a long time|looked at the ground]. Then {he_hero} ran [all the way|without stopping] to {spot}.")
    t.paragraph()
    t.say("\"[I am sorry|I was wrong|Forgive me],\" said {hero}. \"[You may have it|You can keep the {thing}|It is yours].\"")
    t.say("\"[No|I am sorry too],\" " + SAID + " {friend}. \"[We will share it|It shall belong to both of us|One day you, one day I].\"")
    closing(t, "[And so they did|And that is how it stayed], and [they never quarrelled about the {thing} again|the {thing} was worth twice as much|both of them slept well that night].")


def seed(t: Tale) -> None:
    t.draw("seed look grown", world.SEEDS)
    t.say("{elder^} gave {hero} {seed}, {look}. \"[Plant it well|Take good care of it|Put it into the ground],\" {he_elder} said, \"and be patient.\"")
    t.say("{hero} [dug a hole|made a little hole] near {spot}, laid it inside and [covered it with earth|gave it water from {water}].")
    t.paragraph()
    t.say("The next day {he_hero} [came back|looked]. [There was nothing|Nothing had happened]. The day after there was [nothing|still nothing].")
    t.say("\"[It is dead|It will never grow|I have done something wrong],\" said {hero}.")
    t.say("\"[Wait|Give it time|Roots come first],\" " + SAID + " {friend1}, who [had come to see it|often passed that way].")
    t.say("So {hero} [waited|went on waiting]. {he_hero^} [carried water every morning|pulled out the weeds|told the seed a story every evening]. [A week went by|Two weeks went by|The moon grew round and thin again].")
    t.paragraph()
    t.say("Then, one [morning|fine morning|quiet evening], [something green|a tiny green tip|a small leaf] [looked out of|pushed through] the ground.")
    t.say("\"[Look|Come and see]!\" [cried|shouted] {hero}, and {friend} came running.")
    t.say("[By the end of the summer|Many weeks later] it had become {grown}.")
    t.say("[Everyone|The whole {home}] came to [see|admire] it, and {elder} [smiled|nodded] and said, \"[I knew you could do it|You see, waiting is also work|Now you can give a seed to somebody else].\"")


def errand(t: Tale) -> None:
    t.draw("parcel rule", world.PARCELS)
    t.say("{elder^} [called {hero}|asked {hero} for help]. \"[Please take|You must take|Somebody has to take] {parcel} to {corner}. {rule}.\"")
    t.say("{hero} [took it with both hands|nodded|was proud to be asked] and set out at once.")
    t.paragraph()
    t.say("But {way} was {wayfeel}, and [soon {hero} had to rest|every step was hard|it was farther than {he_hero} had thought].")
    which = t.rng.randrange(3)
    if which == 0:
        t.say("Halfway there, the bridge over {water} was [broken|gone]. {hero} [sat down|stood still] and did not know what to do.")
        t.say("Then {friend1} came along. \"[I know another way|There is a place where one can cross],\" {he_friend} said. \"Follow me.\"")
        t.say("{friend} [went ahead|led the way] and [tested every stone|held out a hand|showed where to step], and they [reached|got to] the other side [safely|with dry feet].")
    elif which == 1:
        t.say("Where the path divided, {hero} [could not remember|had forgotten]: left or right?")
        t.say("{he_hero^} [went left|went right], and [soon there were only trees|soon {he_hero} was back where {he_hero} had begun|the path became narrow and then ended].")
        t.say("\"[Are you lost|Have you lost your way]?\" asked {friend1}, who was [passing by|sitting on a stone]. \"[Come, I will show you|I am going that way myself].\"")
    else:
        t.say("[Then|Suddenly] {hero} met {friend1}, who was [sitting by the path|crying|holding a sore foot].")
        t.say("\"I [have hurt my foot|cannot walk any farther],\" said {friend}. {hero} [looked at the sky|thought of the errand]. There was little time, but how could {he_hero} leave a friend behind?")
        t.say("So {he_hero} [let {friend} lean on {him_hero}|gave {friend} an arm], and they went on together, slowly and carefully.")
    t.paragraph()
    t.say("When they [came|got] to {corner}, the door [opened|was opened] before they could knock. \"[There you are|At last|I was waiting for you]!\" said a [friendly|deep|cheerful] voice. \"[And nothing is broken|You have done it well|Come in and get warm].\"")
    closing(t, "[On the way home|That evening] {hero} [sang|was tired but happy|felt as tall as a tree], and {friend} [sang too|walked beside {him_hero}|told {him_hero} a long story].")


def contest(t: Tale) -> None:
    t.draw("thing why", world.TREASURES)
    t.say("That day there was a [race|great race] from {spot} to {corner}, and the prize was a(n) {thing}.")
    t.say("\"[I will win|Nobody can beat me|It will be easy],\" said {friend1}, who was the fastest {friend_kind} in the {home}.")
    t.say("{hero} [said nothing|only smiled|was not so sure]. {he_hero^} had [practised|walked the way] every day for [a week|a month].")
    t.paragraph()
    t.say("{elder^} gave the sign, and [off they went|they ran]. {friend} was soon far ahead, [laughing|looking back|waving].")
    t.say("But {way} was {wayfeel}, and {friend} [did not look where {he_friend} was going|ran too fast|took the short way by {water}]. [There was a splash|There was a crash|Down {he_friend} fell]!")
    t.say("{hero} [heard it|saw it] and stopped. [The goal was near|The prize was so close]. {he_hero^} [turned around|ran back] and [helped {friend} up|held out a hand to {friend}].")
    t.say("\"[But you could have won|You should have gone on]!\" said {friend}.")
    t.say("\"[A prize is only a prize|I would rather have a friend than a(n) {thing}|We can still get there together],\" " + SAID + " {hero}.")
    t.paragraph()
    t.say("They [walked|limped|went] to {corner} side by side, and [everyone cheered|the whole {home} clapped].")
    t.say("{elder^} gave the {thing} [to both of them|to {hero}, and {hero} gave half of the honour to {friend}].")
    closing(t, "{friend} never [boasted|laughed at others] again[.|, or at least not so loudly.]")


def stranger(t: Tale) -> None:
    t.draw("thing why", world.TREASURES)
    t.say("[A stranger|An old traveller|A tired stranger] came along {way}, with [a heavy sack|a grey coat|a long stick and no shoes].")
    t.say("\"[May I rest here|Is there a place where I can sleep|Could you spare a little bread]?\" [asked the stranger|said a tired voice].")
    t.say("{friend1^} [stepped back|was afraid|looked the other way]. \"[We do not know you|There is no room],\" {he_friend} [whispered|said].")
    t.say("But {hero} [brought a bowl of soup|shared {his_hero} supper|made a place by the fire]. \"[Sit down|You are welcome|There is enough for three],\" {he_hero} said.")
    t.paragraph()
    t.say("The stranger [ate|sat] in silence. Then [came a story|the stranger began to tell], [about the far side of the sea|about cities where it never gets dark|about a mountain that sings], and [nobody noticed how late it was|even {friend} came closer to listen].")
    t.say("In the morning the stranger was gone. [On the table|On the stone|Beside the ashes] lay a(n) {thing}. {why}.")
    t.paragraph()
    t.say("\"[It is for you|You have earned it|That is for the soup],\" said {friend}, and [was a little ashamed|looked at the ground].")
    t.say("\"[It is for both of us|Next time you will bring the bread],\" " + SAID + " {hero}.")
    closing(t, "[Ever since|From that day on], there has always been [an extra bowl|a light in the window|a place by the fire] in that {home} for [whoever comes along|strangers|those who are far from home].")


def secret(t: Tale) -> None:
    t.draw("work stuff fail need", world.CRAFTS)
    t.say("[All week|For days] {friend1} had been [acting strangely|hiding something|running away whenever {hero} came near].")
    t.say("\"[What are you doing|What have you got there|What is in that bag]?\" asked {hero}. \"[Nothing|I cannot tell you|Oh, nothing at all],\" " + SAID + " {friend}, and [was gone|ran off|turned red].")
    t.say("{hero} was [hurt|sad|angry]. \"{friend} [does not like me any more|has found somebody better],\" {he_hero} [thought|said to {elder}].")
    t.paragraph()
    t.say("{he_hero^} followed {friend} along {way} to {corner}. There were [voices|lights] inside, and [a strange smell|the sound of hammering|somebody laughed].")
    t.say("{hero} [pushed the door open|looked in], and everybody [shouted|called], \"[Surprise|Happy birthday]!\"")
    t.say("{friend} [stood in the middle|came forward] with {work}. \"[It took a whole week|I made it myself],\" {he_friend} said. \"The first time {fail}, but {elder} helped me.\"")
    t.paragraph()
    t.say("{hero} [did not know what to say|laughed and cried at the same time|turned as red as an apple]. \"[And I thought you had forgotten me|I am sorry that I was angry],\" {he_hero} said.")
    closing(t, "[They celebrated|They ate and sang] until [the moon was high|the last candle had burned down|nobody could keep awake].")


PLOTS = [lost_thing, craft, trouble, night_sound, quarrel, seed, errand, contest, stranger, secret]


def tell(t: Tale) -> str:
    t.rng.choice(OPENINGS)(t)
    t.rng.choice(PLOTS)(t)
    return t.text()
