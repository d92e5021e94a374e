package server

import "log/slog"

// Summary is verdicts as a value for a log: the paths that were pushed, hinted and linked, those
// that the client holds, and the others with the reason.
//
//	slog.Info("page", "sent", server.Summary(server.Verdicts(w)))
type Summary []Verdict

// LogValue implements slog.LogValuer.
func (s Summary) LogValue() slog.Value {
	var pushed, hinted, linked, held, left []string
	for _, v := range s {
		switch {
		case v.Means == ByPush:
			pushed = append(pushed, v.Asset.Path)
		case v.Means == ByHint:
			hinted = append(hinted, v.Asset.Path)
		case v.Means == ByLink:
			linked = append(linked, v.Asset.Path)
		case v.Why == Held:
			held = append(held, v.Asset.Path)
		default:
			left = append(left, v.Asset.Path+" ("+v.Why.String()+")")
		}
	}
	var attrs []slog.Attr
	for _, g := range []struct {
		name  string
		paths []string
	}{{"pushed", pushed}, {"hinted", hinted}, {"linked", linked}, {"held", held}, {"left", left}} {
		if len(g.paths) > 0 {
			attrs = append(attrs, slog.Any(g.name, g.paths))
		}
	}
	return slog.GroupValue(attrs...)
}
