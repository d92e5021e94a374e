package link

// Urgency says how much a page waits for the asset, from 0, the most, to 11: style sheets,
// scripts, fonts, data, images, the rest, and connections last. A fetch priority moves it by
// three. It is an order for those who have no other; an application's own order is better.
func (a Asset) Urgency() int {
	u := 6
	switch {
	case a.Rel == Preconnect:
		u = 8
	case a.As == "style":
		u = 1
	case a.As == "script", a.Rel == ModulePreload:
		u = 2
	case a.As == "font":
		u = 3
	case a.As == "fetch":
		u = 4
	case a.As == "image":
		u = 5
	}
	switch a.FetchPriority {
	case "high":
		u = max(0, u-3)
	case "low":
		u += 3
	}
	return u
}

// Blocking reports whether rendering waits for the asset, which is H2O's blocking-assets:
// style sheets and scripts.
func (a Asset) Blocking() bool {
	return a.As == "style" || a.As == "script" || a.Rel == ModulePreload || a.Type != "" && Blocking(a.Type)
}
