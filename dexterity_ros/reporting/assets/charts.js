/* Charts that share one cursor and one zoom, with legends that can be clicked; the lanes of a timeline follow them. */
'use strict';
const Report = (() => {
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const told = JSON.parse(document.getElementById('told').textContent);
  const charts = [], lanes = [], watchers = [];
  let busy = false;

  const numbers = text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };
  const nice = v => v === null || v === undefined ? '-' : Math.abs(v) >= 100 ? v.toFixed(0) : v.toFixed(Math.abs(v) >= 10 ? 1 : 3);

  /* Tells everybody which moment is looked at; x is in the units of the axis that `group` shares. */
  const look = (group, x, from) => {
    for (const watch of watchers) if (watch.group === group && watch.from !== from) watch.see(x);
  };

  const zoom = (group, from, min, max) => {
    if (busy) return;
    busy = true;
    for (const c of charts) if (c.group === group && c.plot !== from) c.plot.setScale('x', {min, max});
    for (const l of lanes) if (l.group === group) l.lay(min, max);
    for (const b of document.querySelectorAll('.whole'))
      if (b.dataset.group === group) b.hidden = Math.abs(min - b.dataset.low) < 1e-6 && Math.abs(max - b.dataset.high) < 1e-6;
    busy = false;
  };

  const whole = group => {
    const first = charts.find(c => c.group === group);
    if (first) zoom(group, null, ...first.span);
  };

  const build = (host, panel, chart, keys) => {
    const x = Array.from(numbers(chart.x));
    const data = [x, ...chart.lines.map(line => Array.from(numbers(line.values), v => Number.isNaN(v) ? null : v))];
    const colour = k => () => css('--c' + chart.lines[k].colour);
    const axis = {stroke: () => css('--soft'), grid: {stroke: () => css('--line'), width: 1}, ticks: {show: false},
                  font: '11px system-ui, sans-serif', labelFont: '11px system-ui, sans-serif'};
    const entry = {group: panel.group, host, span: panel.span || [x[0], x[x.length - 1]], panel, chart, data};
    const plot = new uPlot({
      width: host.clientWidth || 300, height: chart.height, legend: {show: false},
      cursor: {sync: {key: panel.group, scales: ['x', null], setSeries: false}, focus: {prox: 20}, points: {size: 6}},
      focus: {alpha: panel.lines > 4 ? 0.35 : 1},
      scales: {x: {time: false, range: (_, lo, hi) => [lo, hi]}, y: chart.range ? {range: chart.range} : {}},
      axes: [{...axis, label: chart.small ? undefined : panel.x_label, labelSize: 16, size: 30},
             {...axis, label: chart.unit || undefined, labelSize: 16, size: chart.small ? 40 : 46}],
      series: [{}, ...chart.lines.map((line, k) => ({
        label: line.label, stroke: colour(k), width: line.width, dash: line.dash ? [4, 4] : undefined,
        points: {show: line.dots, size: 5}, paths: line.dots ? () => null : undefined, spanGaps: false}))],
      hooks: {
        setScale: [(u, key) => { if (key === 'x' && u.scales.x.min !== null) zoom(panel.group, u, u.scales.x.min, u.scales.x.max); }],
        setCursor: [u => { keys.show(u, entry); if (u.cursor.event && u.cursor.left >= 0) look(panel.group, u.posToVal(u.cursor.left, 'x'), u); }],
      },
    }, data, host);
    entry.plot = plot;
    plot.setScale('x', {min: entry.span[0], max: entry.span[1]});
    plot.over.addEventListener('dblclick', () => whole(panel.group));
    pinch(plot, panel.group);
    charts.push(entry);
    return entry;
  };

  /* Two fingers zoom the time axis. */
  const pinch = (plot, group) => {
    let held = null;
    const at = event => [...event.touches].slice(0, 2).map(t => t.clientX - plot.over.getBoundingClientRect().left);
    plot.over.addEventListener('touchstart', event => {
      if (event.touches.length === 2) held = at(event).map(px => plot.posToVal(px, 'x'));
    }, {passive: true});
    plot.over.addEventListener('touchmove', event => {
      if (event.touches.length !== 2 || !held) return;
      event.preventDefault();
      const [a, b] = at(event);
      if (Math.abs(a - b) < 10) return;
      const perPx = (held[1] - held[0]) / (b - a), min = held[0] - a * perPx;
      const max = min + perPx * plot.over.clientWidth;
      if (max > min) plot.setScale('x', {min, max});
    }, {passive: false});
    plot.over.addEventListener('touchend', () => { held = null; });
  };

  /* One legend for all charts of a panel: a click shows or hides a line in each of them. */
  const legend = (bar, panel) => {
    const entries = [], buttons = new Map();
    for (const line of panel.charts.flatMap(c => c.lines)) {
      if (buttons.has(line.label)) continue;
      const button = document.createElement('button');
      button.className = 'key';
      button.setAttribute('aria-pressed', 'true');
      button.innerHTML = '<i></i><span></span><output></output>';
      button.querySelector('i').style.color = `var(--c${line.colour})`;
      button.querySelector('span').textContent = line.label;
      button.addEventListener('click', () => {
        const on = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(on));
        for (const e of entries)
          e.chart.lines.forEach((l, k) => { if (l.label === line.label) e.plot.setSeries(k + 1, {show: on}); });
      });
      buttons.set(line.label, button);
      bar.append(button);
    }
    const out = document.createElement('button');
    out.className = 'whole';
    Object.assign(out.dataset, {group: panel.group, low: panel.span[0], high: panel.span[1]});
    out.textContent = 'show all';
    out.hidden = true;
    out.addEventListener('click', () => whole(panel.group));
    bar.append(out);
    const show = (u, entry) => {
      const at = u.cursor.idx, none = at === null || at === undefined;
      const values = entry.chart.lines.map((_, k) => none ? '' : nice(entry.data[k + 1][at]));
      const own = entry.host.querySelector('h4 output');
      if (own) { own.textContent = values.slice(0, 2).join(' / '); return; }
      entry.chart.lines.forEach((line, k) => { buttons.get(line.label).querySelector('output').textContent = values[k]; });
    };
    return {entries, show};
  };

  const panelOf = figure => {
    const panel = told.panels[figure.dataset.panel], bar = figure.querySelector('.keys');
    panel.lines = Math.max(...panel.charts.map(c => c.lines.length));
    const keys = legend(bar, panel);
    figure.querySelectorAll('.chart').forEach((host, k) => keys.entries.push(build(host, panel, panel.charts[k], keys)));
  };

  /* The lanes: who said what when, and how goals ended. */
  const laneOf = figure => {
    const lane = told.lanes[figure.dataset.lanes], said = figure.querySelector('.said');
    const rows = [...figure.querySelectorAll('.lane>div')];
    const nowLines = rows.map(row => { const n = document.createElement('div'); n.className = 'now'; n.hidden = true; row.append(n); return n; });
    let low = lane.span[0], high = lane.span[1];
    const share = t => 100 * (t - low) / Math.max(high - low, 1e-9);
    const lay = (min, max) => {
      [low, high] = [min, max];
      for (const row of rows) for (const el of row.children) {
        if (el.className === 'now') continue;
        const begin = +el.dataset.begin, end = +el.dataset.end;
        el.style.left = share(begin) + '%';
        if (!el.classList.contains('mark')) el.style.width = share(end) - share(begin) + '%';
      }
    };
    const see = t => {
      const words = rows.map(row => [...row.querySelectorAll('.span')].find(el => +el.dataset.begin <= t && t < +el.dataset.end))
        .filter(Boolean).map(el => `${el.dataset.who}: ${el.title}`);
      said.textContent = `${t.toFixed(1)} s  ${words.join('; ')}`;
      for (const line of nowLines) { line.hidden = t < low || t > high; line.style.left = share(t) + '%'; }
    };
    const box = figure.querySelector('.lanes');
    const moved = event => {
      const rect = rows[0].getBoundingClientRect(), part = (event.clientX - rect.left) / rect.width;
      if (part < 0 || part > 1) return;
      const t = low + part * (high - low);
      see(t);
      point(lane.group, t);
      look(lane.group, t, box);
    };
    box.addEventListener('pointermove', moved);
    box.addEventListener('pointerdown', moved);
    watchers.push({group: lane.group, from: box, see});
    lanes.push({group: lane.group, lay});
    lay(low, high);
  };

  /* Puts the cursor of every chart of a group on one moment. */
  const point = (group, x) => {
    for (const c of charts) {
      if (c.group !== group) continue;
      const left = c.plot.valToPos(x, 'x');
      c.plot.setCursor({left: left < 0 || left > c.plot.over.clientWidth ? -10 : left, top: c.plot.over.clientHeight / 2}, false);
    }
  };

  const start = () => {
    document.querySelectorAll('figure[data-panel]').forEach(panelOf);
    document.querySelectorAll('figure[data-lanes]').forEach(laneOf);
    const resized = new ResizeObserver(seen => {
      for (const {target} of seen) {
        const entry = charts.find(c => c.host === target);
        if (entry && target.clientWidth && target.clientWidth !== entry.plot.width)
          entry.plot.setSize({width: target.clientWidth, height: entry.chart.height});
      }
    });
    for (const c of charts) resized.observe(c.host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts.forEach(c => c.plot.redraw(false)));
  };
  return {told, css, numbers, start, point, look, watchers, charts};
})();
