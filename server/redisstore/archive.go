package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// probation is by how much a page that only one view has vouched for is worth less than others
// when the archive is full: a flood of pages that nobody comes back to must push out one
// another, not the pages of the site.
const probation = 0.9

// archive adds records of a settled round to what is known of their pages.
func (s *Store) archive(ctx context.Context, now moment, entries []entry) error {
	var hashes []hashEntries
	place := make(map[string]int)
	solid := make(map[string]bool)
	for _, e := range entries {
		page, _, ok := cutField(e.field)
		if !ok || page == "" {
			continue
		}
		i, ok := place[page]
		if !ok {
			i = len(hashes)
			place[page] = i
			hashes = append(hashes, hashEntries{key: s.k.page(page)})
		}
		hashes[i].entries = append(hashes[i].entries, e)
		solid[page] = solid[page] || e.Views+e.Held >= 2000
	}
	if len(hashes) == 0 {
		return nil
	}
	var full []string
	b := bounds{lifetime: s.lim.keep, memory: archiveMemory, fields: maxPageFields}
	err := s.add(ctx, b, hashes, func(run []hashEntries, sizes []int64) {
		for i, h := range run {
			s.counts.archived.Add(uint64(len(h.entries)))
			if sizes[i] >= crowded {
				full = append(full, h.key)
			}
		}
	})
	if err != nil {
		return err
	}
	until := unix(now.time.Add(s.lim.keep))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for page := range place {
			// A page that is there already has proved itself by coming back.
			p.ZAddXX(ctx, s.k.pages(), redis.Z{Score: until, Member: page})
			if solid[page] {
				p.ZAdd(ctx, s.k.pages(), redis.Z{Score: until, Member: page})
			} else {
				p.ZAddNX(ctx, s.k.pages(), redis.Z{Score: until - probation*s.lim.keep.Seconds(), Member: page})
			}
		}
		p.PExpire(ctx, s.k.pages(), s.lim.keep)
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range full {
		if err := s.thin(ctx, key); err != nil {
			return err
		}
	}
	return s.makeRoom(ctx, now)
}

// thin takes the quarter of the assets out of an archived page that were not reported for
// longest.
func (s *Store) thin(ctx context.Context, key string) error {
	hashes, err := s.hashes(ctx, []string{key})
	if err != nil || len(hashes) == 0 {
		return err
	}
	type aged struct {
		field string
		time  uint32
	}
	var list []aged
	for field, t := range hashes[0] {
		if field != fieldOf(s.k.pageOf(key), "") {
			r, _ := parseRecord(t) // what is no record is as old as can be
			list = append(list, aged{field, r.Time})
		}
	}
	slices.SortFunc(list, func(a, b aged) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.field, b.field))
	})
	var fields []string
	for _, a := range list[:len(list)/4] {
		fields = append(fields, a.field)
	}
	if len(fields) == 0 {
		return nil
	}
	return s.client.HDel(ctx, key, fields...).Err()
}

// makeRoom takes pages out of the archive that were not heard of for too long, or that are too
// many.
func (s *Store) makeRoom(ctx context.Context, now moment) error {
	index := s.k.pages()
	size, err := s.client.ZCard(ctx, index).Result()
	if err != nil {
		return err
	}
	var stale []string
	if excess := size - int64(s.lim.maxArchive); excess > 0 {
		stale, err = s.client.ZRange(ctx, index, 0, min(excess, 10*batch)-1).Result()
	} else {
		past := redis.ZRangeBy{Min: "-inf", Max: fmt.Sprint(now.time.Unix()), Count: batch}
		stale, err = s.client.ZRangeByScore(ctx, index, &past).Result()
	}
	if err != nil {
		return err
	}
	if len(stale) == 0 {
		return nil
	}
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		members := make([]any, len(stale))
		pages := make([]string, len(stale))
		for i, page := range stale {
			members[i], pages[i] = page, s.k.page(page)
		}
		p.Del(ctx, pages...)
		p.ZRem(ctx, index, members...)
		return nil
	})
	return err
}
