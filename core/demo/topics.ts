/** What the general text is about: words that occur together, so that a model can learn to expect them. */

export interface Topic {
  readonly name: string;
  /** Singular, countable. */
  readonly nouns: readonly string[];
  /** Transitive, base form; verb i is what people mostly do with nouns i and i + verbs.length. */
  readonly verbs: readonly string[];
  readonly adjectives: readonly string[];
  /** Where it happens, with preposition and article. */
  readonly places: readonly string[];
  /** A person of this world, singular. */
  readonly roles: readonly string[];
}

function topic(
  name: string,
  words: { nouns: string; verbs: string; adjectives: string; places: string; roles: string },
): Topic {
  return {
    name,
    nouns: words.nouns.split(' '),
    verbs: words.verbs.split(' '),
    adjectives: words.adjectives.split(' '),
    places: words.places.split(', '),
    roles: words.roles.split(' '),
  };
}

export const TOPICS: readonly Topic[] = [
  topic('cooking', {
    nouns: 'soup onion sauce cake pan potato recipe pie plate carrot dish loaf',
    verbs: 'stir chop taste bake clean peel',
    adjectives: 'warm spicy sweet fresh salty delicious',
    places: 'in the kitchen, at the restaurant, beside the oven',
    roles: 'cook baker waiter guest',
  }),
  topic('gardening', {
    nouns: 'seed flower hedge rose lawn apple bulb tree bush leaf path pear',
    verbs: 'plant water trim cut rake pick',
    adjectives: 'green tall wild young fragrant ripe',
    places: 'in the garden, behind the fence, near the greenhouse',
    roles: 'gardener neighbour florist owner',
  }),
  topic('railways', {
    nouns:
      'train ticket station carriage platform signal engine seat bridge compartment timetable whistle',
    verbs: 'board buy reach pull cross watch',
    adjectives: 'crowded slow express northern late empty',
    places: 'at the station, on the platform, in the dining car',
    roles: 'passenger conductor driver porter',
  }),
  topic('sailing', {
    nouns: 'boat sail rope harbour anchor net ship flag knot coast chain lantern',
    verbs: 'steer raise tie leave lower mend',
    adjectives: 'calm wooden distant rough heavy northern',
    places: 'in the harbour, on the deck, along the coast',
    roles: 'sailor captain fisherman pilot',
  }),
  topic('music', {
    nouns: 'song violin choir piano concert drum melody guitar orchestra flute festival trumpet',
    verbs: 'sing tune conduct play attend beat',
    adjectives: 'quiet famous slow cheerful loud gentle',
    places: 'in the concert hall, on the stage, at the music school',
    roles: 'singer pianist composer student',
  }),
  topic('football', {
    nouns: 'match ball goal team trophy penalty game pass league captain cup corner',
    verbs: 'win kick score coach lift take',
    adjectives: 'fast strong difficult final brilliant local',
    places: 'in the stadium, on the field, at the training ground',
    roles: 'player goalkeeper coach referee',
  }),
  topic('painting', {
    nouns:
      'portrait brush canvas landscape frame sketch mural palette drawing sunset gallery poster',
    verbs: 'paint wash stretch admire hang draw',
    adjectives: 'bright large colourful modern pale careful',
    places: 'in the studio, at the gallery, by the window',
    roles: 'painter artist collector visitor',
  }),
  topic('farming', {
    nouns: 'cow field barn sheep fence tractor horse crop stable goat gate plough',
    verbs: 'milk plough sweep feed repair drive',
    adjectives: 'muddy broad old hungry rusty healthy',
    places: 'on the farm, in the barn, across the meadow',
    roles: 'farmer shepherd vet labourer',
  }),
  topic('hiking', {
    nouns: 'mountain map tent trail peak backpack valley compass camp stream summit blanket',
    verbs: 'climb fold pitch follow see carry',
    adjectives: 'steep narrow snowy high lonely rocky',
    places: 'in the mountains, on the trail, above the valley',
    roles: 'hiker guide climber ranger',
  }),
  topic('school', {
    nouns: 'lesson essay question book exam problem class letter answer poem test sum',
    verbs: 'teach write ask read pass solve',
    adjectives: 'easy long hard interesting short clever',
    places: 'in the classroom, at school, in the playground',
    roles: 'teacher pupil parent headmaster',
  }),
  topic('market', {
    nouns: 'basket price cheese stall coin fish bag discount bread shop banknote melon',
    verbs: 'fill lower sell open count weigh',
    adjectives: 'cheap busy expensive cheerful full small',
    places: 'at the market, in the square, behind the counter',
    roles: 'merchant customer grocer butcher',
  }),
  topic('library', {
    nouns: 'novel shelf page catalogue story card volume cupboard chapter index tale label',
    verbs: 'borrow dust turn search tell print',
    adjectives: 'dusty rare thick silent ancient thin',
    places: 'in the library, at the desk, in the reading room',
    roles: 'librarian reader writer scholar',
  }),
  topic('theatre', {
    nouns: 'play curtain role costume scene audience drama ticket part mask comedy crowd',
    verbs: 'perform close learn sew rehearse entertain',
    adjectives: 'funny sad dramatic golden new popular',
    places: 'in the theatre, behind the curtain, on the stage',
    roles: 'actor director dancer critic',
  }),
  topic('weather', {
    nouns: 'storm umbrella cloud roof flood window forecast coat wind road puddle scarf',
    verbs: 'survive hold notice cover fear shut',
    adjectives: 'cold wet grey sudden stormy mild',
    places: 'in the rain, under the roof, along the river',
    roles: 'farmer traveller reporter postman',
  }),
  topic('history', {
    nouns: 'castle battle king treaty tower war queen law wall kingdom palace letter',
    verbs: 'build fight crown sign defend rule',
    adjectives: 'medieval royal bloody powerful ruined noble',
    places: 'in the castle, at the court, outside the walls',
    roles: 'soldier knight duke historian',
  }),
  topic('astronomy', {
    nouns: 'star telescope planet comet moon lens galaxy rocket orbit mirror crater satellite',
    verbs: 'observe adjust discover launch describe polish',
    adjectives: 'distant bright tiny enormous dark round',
    places: 'at the observatory, in the night sky, on the hill',
    roles: 'astronomer scientist engineer student',
  }),
  topic('building', {
    nouns: 'house wall door brick plan floor ladder window beam chimney stair tile',
    verbs: 'design paint lock lay draw measure',
    adjectives: 'solid wooden flat modern tall broken',
    places: 'on the building site, in the workshop, at the corner',
    roles: 'builder carpenter architect mason',
  }),
  topic('cycling', {
    nouns: 'bicycle wheel race tyre helmet lamp bike pedal hill pump chain brake',
    verbs: 'ride replace finish inflate wear fix',
    adjectives: 'light fast flat steep red broken',
    places: 'on the road, in the park, at the repair shop',
    roles: 'cyclist mechanic rider champion',
  }),
  topic('animals', {
    nouns: 'dog nest cat bird rabbit cage puppy trail kitten egg squirrel hole',
    verbs: 'walk find stroke hear chase open',
    adjectives: 'brown friendly soft noisy shy curious',
    places: 'in the forest, at the zoo, under the tree',
    roles: 'keeper child hunter owner',
  }),
  topic('newspapers', {
    nouns:
      'article story editor headline interview photograph report mistake reader column speech camera',
    verbs: 'publish write thank change give take',
    adjectives: 'political daily important long false serious',
    places: 'at the newspaper, in the office, on the front page',
    roles: 'journalist editor politician photographer',
  }),
];

export const FEMALE_NAMES =
  'Anna Clara Emma Grace Helen Ida Julia Laura Maria Nora Olivia Rosa Sarah Sophie Vera Alice Lucy Martha Ellen Irene'.split(
    ' ',
  );
export const MALE_NAMES =
  'Adam Ben Carl David Edward Frank George Henry Jack Leo Martin Oscar Paul Peter Robert Simon Thomas Victor Walter Hugo'.split(
    ' ',
  );
export const SURNAMES =
  'Archer Bennett Carter Dalton Ellis Foster Graham Harper Irving Jordan Keller Lawson Mercer Norton Parker Quinn Reed Sutton Turner Walsh'.split(
    ' ',
  );
export const TOWNS =
  'Ashford Brighton Carlow Dunmore Eastport Fairview Glenville Hartley Kingsbridge Lowell Millbrook Newton Oakdale Redhill Stanton Westfield'.split(
    ' ',
  );
export const SEASONS = ['spring', 'summer', 'autumn', 'winter'];
export const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );
export const WEEKDAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');
export const NUMBERS = 'two three four five six seven eight nine ten twelve twenty thirty'.split(
  ' ',
);
