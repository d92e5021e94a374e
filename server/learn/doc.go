// Package learn finds out which assets a page needs by watching what browsers ask for, and
// says so before the next browser asks.
//
// A [Model] is told of views and of fetches ([Model.ObserveView], [Model.ObserveFetch]) and
// answers, without locks or allocations, which assets a page needs, how sure that is, and in
// which order they block rendering ([Model.Wanted], [Model.Choose]). Package signals makes
// views and fetches of net/http requests. One model serves one origin.
//
//	v, ok := reader.View(r, status, header)   // when the header of a page goes out
//	if ok {
//		v.Time, v.Client = time.Now(), model.Client(reader.Addr(r), time.Now())
//		model.ObserveView(&v)
//	}
//	...
//	chosen, why := model.Choose(nil, reader.Page(r), client)  // before the next page is answered
//
// Package learned does this for a server.Handler, pages that are slow and assets that come
// early included.
//
// # What counts
//
// A view is a page that was served as 200 to a client, and is open for [Window]. What the
// client asks for in its name meanwhile, by Referer, directly or through a style sheet, is
// used; what it could have asked for and did not is missed. Prefetches, prerenders, requests
// that early hints or pushes caused, and whatever was chosen to be sent ahead of the view say
// nothing and are not counted.
//
// A client that holds an asset ([View.Held]: its fingerprint says so) has no need to ask, and
// counts for the asset. Views by clients who hold nothing of a page weigh sixteen times as
// much once there are some, since those who hold something are a biased sample.
//
// A client has one vote a day on a page, and is told from others by a keyed hash of its
// address prefix, new every day. Nothing else is remembered of it than which of 64 buckets it
// falls into, a small Bloom filter of what it fetched within the last half hour, and whether
// it has voted. None of it is written to disk; the buckets of the day go to the other nodes of
// a fleet.
//
// # What is concluded
//
// For each asset of a page, the share of views that use it is estimated as a beta
// distribution, decayed so that it reaches back over 64 views and fades by half in a week. The
// asset is promoted from one half on, with enough clients and certainty, and demoted below
// 0.4. A run of views without it that its share makes too improbable takes it out at once, as
// does a 404, and a newer version of the same file. The rules with their formulas stand at the
// functions tally, judge and weigh.
//
// Pages of a section (/shop/*, /shop/*/*) are learned together, each page and each client
// counting once, and answer for pages that were never seen. What three of them link for
// everybody is wanted for all, whoever asked for them. A page that is seen again starts from
// what its sections know and soon outgrows it.
//
// # What is said
//
// What is sent to everybody can no longer be judged. So a share of views gets nothing
// ([Config.HoldOut]), assets whose estimate is uncertain are withheld more often, and a quarter of
// the views of a page that has just changed get nothing for a while. Nothing is sent ahead of pages that have
// of late answered with redirects or errors.
//
// What a page links for everybody ([View.Links], [Model.Declare]) goes out from the next view
// on, and no longer once the page does not link it; a restart and the other nodes of a fleet
// know it too. It is not held out, since it goes out with the answer anyway. Views have the
// last word: a declaration counts for three of them, once a day.
//
// # Bounds
//
// A model takes at most [Config.Bytes], whatever it is shown, and forgets what is least useful
// first. Observing takes well under a microsecond. Forged requests cost it nothing that honest
// ones do not, and move nothing that many clients disagree with. What no defence can tell
// apart is a page whose visitors are mostly the attacker's: whoever is most of a page's
// distinct clients decides what it is sent, among the public assets of the site.
//
// # Keeping and sharing
//
// Evidence comes in deltas (package evidence), which add up in any order: [Model.All] gives
// the whole, [Model.Flush] what is new, [Model.Merge] takes either. Package keep keeps it in a
// file, or shares it with the other nodes of a fleet. A page that fewer than [Config.MinClients]
// have seen within a day is in neither: it may be one person's own.
//
// # Files
//
// The questions that a reader has, and the files that answer them: what a model is told
// (event), who may vote (vote, voted, visitors), what a fetch adds to a view (fetch), where
// evidence is counted (count), what is believed (judge), what is published (answer) and said
// (choose), what pages link (declare), what sections have in common (section), who is
// forgotten for want of room (shard).
package learn
