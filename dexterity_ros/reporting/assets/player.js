/* The playback: a hand of boxes and capsules, an object, its goal and points, drawn by WebGL; a slider. */
'use strict';
const Player = (() => {
  /* 4x4 matrices, column by column, as WebGL takes them. */
  const mul = (a, b) => {
    const o = new Float32Array(16);
    for (let c = 0; c < 4; c++) for (let r = 0; r < 4; r++) {
      let s = 0;
      for (let k = 0; k < 4; k++) s += a[4 * k + r] * b[4 * c + k];
      o[4 * c + r] = s;
    }
    return o;
  };
  const placed = (p, [w, x, y, z], scale = [1, 1, 1]) => new Float32Array([
    (1 - 2 * (y * y + z * z)) * scale[0], 2 * (x * y + w * z) * scale[0], 2 * (x * z - w * y) * scale[0], 0,
    2 * (x * y - w * z) * scale[1], (1 - 2 * (x * x + z * z)) * scale[1], 2 * (y * z + w * x) * scale[1], 0,
    2 * (x * z + w * y) * scale[2], 2 * (y * z - w * x) * scale[2], (1 - 2 * (x * x + y * y)) * scale[2], 0,
    p[0], p[1], p[2], 1]);
  const turned = (axis, anchor, angle) => {
    const n = Math.hypot(...axis), s = Math.sin(angle / 2) / n;
    const m = placed([0, 0, 0], [Math.cos(angle / 2), axis[0] * s, axis[1] * s, axis[2] * s]);
    for (let r = 0; r < 3; r++) m[12 + r] = anchor[r] - (m[r] * anchor[0] + m[4 + r] * anchor[1] + m[8 + r] * anchor[2]);
    return m;
  };
  const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = a => { const n = Math.hypot(...a) || 1; return a.map(v => v / n); };
  const lookAt = (eye, at) => {
    const z = unit(minus(eye, at)), x = unit(cross([0, 0, 1], z)), y = cross(z, x);
    const dot = a => -(a[0] * eye[0] + a[1] * eye[1] + a[2] * eye[2]);
    return new Float32Array([x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, dot(x), dot(y), dot(z), 1]);
  };
  const lens = (aspect, near = 0.02, far = 3, f = 2.4) => new Float32Array([
    f / Math.max(aspect, 0.2), 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, 2 * far * near / (near - far), 0]);

  /* Triangles: nine numbers each, and a normal for every corner. */
  const faceted = triangles => {
    const normals = new Float32Array(triangles.length);
    for (let i = 0; i < triangles.length; i += 9) {
      const p = k => [triangles[i + k], triangles[i + k + 1], triangles[i + k + 2]];
      const n = unit(cross(minus(p(3), p(0)), minus(p(6), p(0))));
      for (let k = 0; k < 9; k++) normals[i + k] = n[k % 3];
    }
    return {triangles, normals};
  };
  const box = () => {
    const out = [];
    for (let axis = 0; axis < 3; axis++) for (const side of [-1, 1]) {
      const corner = (u, v) => { const p = [0, 0, 0]; p[axis] = side; p[(axis + 1) % 3] = u * side; p[(axis + 2) % 3] = v; return p; };
      out.push(...corner(-1, -1), ...corner(1, -1), ...corner(1, 1), ...corner(-1, -1), ...corner(1, 1), ...corner(-1, 1));
    }
    return faceted(new Float32Array(out));
  };
  const capsule = (radius, half) => {
    const around = 16, up = 5, triangles = [], normals = [];
    const point = (i, j) => {
      const lat = -Math.PI / 2 + Math.PI * (j < up ? j / (2 * up - 2) : (j - 1) / (2 * up - 2)), lon = 2 * Math.PI * i / around;
      const n = [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
      return {p: [radius * n[0], radius * n[1], radius * n[2] + (j < up ? -half : half)], n};
    };
    for (let j = 0; j < 2 * up - 1; j++) for (let i = 0; i < around; i++)
      for (const [a, b] of [[0, 0], [1, 0], [1, 1], [0, 0], [1, 1], [0, 1]]) {
        const {p, n} = point(i + a, j + b);
        triangles.push(...p);
        normals.push(...n);
      }
    return {triangles: new Float32Array(triangles), normals: new Float32Array(normals)};
  };

  const VERTEX = `attribute vec3 at, normal, rgb; uniform mat4 view, model; uniform float size; varying vec3 n, c;
void main(){gl_Position=view*model*vec4(at,1.);gl_PointSize=size;n=mat3(model)*normal;c=rgb;}`;
  const FRAGMENT = `precision mediump float; uniform vec4 colour; uniform float own, lit; varying vec3 n, c;
void main(){float d=.62+.3*max(dot(normalize(n),normalize(vec3(.4,-.5,.8))),0.)+.12*normalize(n).z;
gl_FragColor=vec4(mix(colour.rgb,c,own)*mix(1.,d,lit),colour.a);}`;

  const painter = gl => {
    const program = gl.createProgram();
    for (const [kind, code] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, code);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    const uniform = name => gl.getUniformLocation(program, name), attribute = name => gl.getAttribLocation(program, name);
    const u = Object.fromEntries(['view', 'model', 'size', 'colour', 'own', 'lit'].map(name => [name, uniform(name)]));
    const a = {at: attribute('at'), normal: attribute('normal'), rgb: attribute('rgb')};
    const buffer = values => { const b = gl.createBuffer(); gl.bindBuffer(gl.ARRAY_BUFFER, b); gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW); return b; };
    const bind = (where, b, kind, normalised) => {
      if (!b) { gl.disableVertexAttribArray(where); gl.vertexAttrib3f(where, 0, 0, 1); return; }
      gl.bindBuffer(gl.ARRAY_BUFFER, b);
      gl.enableVertexAttribArray(where);
      gl.vertexAttribPointer(where, 3, kind, normalised, 0, 0);
    };
    const mesh = ({triangles, normals}, rgb) => ({
      at: buffer(triangles), normal: buffer(normals), rgb: rgb && buffer(rgb), count: triangles.length / 3});
    const draw = (m, model, colour, {points = 0} = {}) => {
      bind(a.at, m.at, gl.FLOAT, false);
      bind(a.normal, m.normal, gl.FLOAT, false);
      bind(a.rgb, m.rgb, gl.UNSIGNED_BYTE, true);
      gl.uniformMatrix4fv(u.model, false, model);
      gl.uniform4fv(u.colour, colour);
      gl.uniform1f(u.own, m.rgb ? 1 : 0);
      gl.uniform1f(u.lit, points ? 0 : 1);
      gl.uniform1f(u.size, points || 1);
      gl.drawArrays(points ? gl.POINTS : gl.TRIANGLES, 0, m.count);
    };
    return {gl, mesh, draw, buffer, from: view => gl.uniformMatrix4fv(u.view, false, view)};
  };

  const HAND = [0.52, 0.59, 0.67, 1];
  const rgba = (name, alpha) => {
    const hex = Report.css(name);
    return [1, 3, 5].map(k => parseInt(hex.slice(k, k + 2), 16) / 255).concat(alpha);
  };

  const make = figure => {
    const told = Report.told.players[figure.dataset.player];
    const stage = figure.querySelector('.stage'), canvas = figure.querySelector('canvas');
    const gl = canvas.getContext('webgl', {antialias: true, alpha: false, preserveDrawingBuffer: true});
    if (!gl) { stage.innerHTML = '<p class="none">This browser has no WebGL, which the playback needs.</p>'; return; }
    const at = name => told[name] && Report.numbers(told[name]);
    const times = at('times'), measured = at('measured'), gated = at('gated'), pose = at('pose'), truth = at('truth'), goals = at('goal');
    const paint = painter(gl), unitBox = paint.mesh(box());
    const parts = told.links.flatMap((link, k) => link.parts.map(([kind, size, pos, quat]) => ({
      link: k, mesh: kind === 0 ? unitBox : paint.mesh(capsule(size[0], size[1])),
      local: placed(pos, quat, kind === 0 ? size : [1, 1, 1])})));
    const body = told.object && paint.mesh(faceted(Report.numbers(told.object.triangles)),
      new Uint8Array([...Uint8Array.from(atob(told.object.colours), c => c.charCodeAt(0))].reduce((all, v, k, from) => {
        if (k % 3 === 0) for (let corner = 0; corner < 3; corner++) all.push(from[k], from[k + 1], from[k + 2]);
        return all;
      }, [])));
    const unpacked = list => list.map(c => ({t: c.t, packed: c.points, mesh: null}));
    const clouds = unpacked(told.clouds), goalClouds = unpacked(told.goal_clouds);
    const pointsOf = cloud => {
      if (!cloud.mesh) {
        const raw = new Int16Array(Uint8Array.from(atob(cloud.packed), c => c.charCodeAt(0)).buffer);
        cloud.mesh = {at: paint.buffer(Float32Array.from(raw, v => v * 1e-4)), count: raw.length / 3};
      }
      return cloud.mesh;
    };
    const shown = new Map();
    const eyeAt = {turn: -0.65, rise: 0.75, far: 0.34};
    let moment = times[0], playing = false, last = 0, due = false;

    const links = (angles, frame) => {
      const n = told.joints, poses = [];
      for (const link of told.links) {
        let m = placed(link.pos, link.quat);
        if (link.parent >= 0) m = mul(poses[link.parent], m);
        if (link.joint >= 0) m = mul(m, turned(link.axis, link.anchor, angles[frame * n + link.joint]));
        poses.push(m);
      }
      return poses;
    };
    const hand = (angles, frame, colour) => {
      const poses = links(angles, frame);
      for (const part of parts) paint.draw(part.mesh, mul(poses[part.link], part.local), colour);
    };
    const thing = (poses, frame, colour, other) => {
      const p = poses.subarray(7 * frame, 7 * frame + 7);
      if (Number.isNaN(p[0])) return;
      paint.draw(other || body, placed(p.subarray(0, 3), p.subarray(3, 7)), colour);
    };
    const plain = body && {...body, rgb: null};
    const newest = (list, t) => { let k = -1; while (k + 1 < list.length && list[k + 1].t <= t) k++; return k; };
    const frameAt = t => {
      let low = 0, high = times.length - 1;
      while (low < high) { const mid = (low + high + 1) >> 1; if (times[mid] <= t) low = mid; else high = mid - 1; }
      return low;
    };
    const view = (centre, aspect, far) => {
      const {turn, rise} = eyeAt;
      const eye = [centre[0] + far * Math.cos(rise) * Math.cos(turn), centre[1] + far * Math.cos(rise) * Math.sin(turn), centre[2] + far * Math.sin(rise)];
      return mul(lens(aspect), lookAt(eye, centre));
    };

    const draw = () => {
      due = false;
      const ratio = Math.min(devicePixelRatio || 1, 2), w = Math.round(canvas.clientWidth * ratio), h = Math.round(canvas.clientHeight * ratio);
      if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
      const frame = frameAt(moment), on = name => shown.get(name) !== false;
      gl.viewport(0, 0, w, h);
      gl.clearColor(...rgba('--tile', 1));
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      paint.from(view(told.centre, w / h, eyeAt.far));
      if (on('hand')) hand(measured, frame, HAND);
      if (body && pose && on('object')) thing(pose, frame, [1, 1, 1, 1]);
      const k = newest(clouds, moment);
      if (k >= 0 && on('seen points')) {
        paint.draw(pointsOf(clouds[k]), placed([0, 0, 0], [1, 0, 0, 0]), rgba('--c4', 1), {points: 3 * ratio});
      }
      gl.depthMask(false);
      if (gated && on('target') && !Number.isNaN(gated[frame * told.joints])) hand(gated, frame, rgba('--c1', 0.22));
      if (body && truth && on('truth')) thing(truth, frame, rgba('--c2', 0.35), plain);
      gl.depthMask(true);
      const side = Math.round(stage.querySelector('.goal').clientWidth * ratio), wanted = goals.subarray(4 * frame, 4 * frame + 4);
      const turnKnown = body && !Number.isNaN(wanted[0]), g = newest(goalClouds, moment);
      if (on('goal') && (turnKnown || g >= 0)) {
        gl.viewport(w - side, h - side, side, side);
        gl.clear(gl.DEPTH_BUFFER_BIT);
        paint.from(view([0, 0, 0], 1, 0.3));
        if (turnKnown) paint.draw(body, placed([0, 0, 0], wanted), [1, 1, 1, 1]);
        if (g >= 0) paint.draw(pointsOf(goalClouds[g]), placed(told.centre.map(v => -v), [1, 0, 0, 0]), rgba('--c3', 1), {points: 3 * ratio});
      }
      figure.dataset.drawn = moment.toFixed(3);
    };
    const redraw = () => { if (!due) { due = true; requestAnimationFrame(draw); } };

    const slider = figure.querySelector('input'), clock = figure.querySelector('.reel output'), button = figure.querySelector('.play');
    const image = figure.querySelector('.eye img'), when = figure.querySelector('.eye span');
    slider.min = times[0];
    slider.max = times[times.length - 1];
    let eyeShown = -1;
    const see = t => {
      moment = Math.min(Math.max(t, times[0]), times[times.length - 1]);
      slider.value = moment;
      clock.textContent = moment.toFixed(1) + ' s';
      const k = Math.max(newest(told.eyes, moment), 0);
      if (image && k !== eyeShown) {
        eyeShown = k;
        image.src = 'data:image/jpeg;base64,' + told.eyes[k].jpeg;
        when.textContent = `camera, ${told.eyes[k].t.toFixed(1)} s`;
      }
      redraw();
    };
    const tell = t => { see(t); Report.point(told.group, moment); Report.look(told.group, moment, figure); };
    slider.addEventListener('input', () => { pause(); tell(+slider.value); });
    const pause = () => { playing = false; button.textContent = 'play'; };
    const step = now => {
      if (!playing) return;
      tell(moment + (now - last) / 1000 * figure.querySelector('select').value);
      last = now;
      if (moment >= +slider.max) pause(); else requestAnimationFrame(step);
    };
    button.addEventListener('click', () => {
      if (playing) { pause(); return; }
      if (moment >= +slider.max) see(times[0]);
      playing = true;
      button.textContent = 'pause';
      requestAnimationFrame(now => { last = now; step(now); });
    });
    Report.watchers.push({group: told.group, from: figure, see: t => { if (!playing) see(t); }});

    const keys = figure.querySelector('.keys');
    const names = [['hand', '--c5', true], ['target', '--c1', gated], ['object', '--c0', body && pose], ['truth', '--c2', body && truth],
                   ['goal', '--c3', body || goalClouds.length], ['seen points', '--c4', clouds.length]];
    for (const [name, colour, there] of names) {
      if (!there) continue;
      const key = document.createElement('button');
      key.className = 'key';
      key.innerHTML = '<i></i><span></span>';
      key.querySelector('i').style.color = `var(${colour})`;
      key.querySelector('span').textContent = name;
      shown.set(name, name !== 'truth');
      key.setAttribute('aria-pressed', String(shown.get(name)));
      key.addEventListener('click', () => {
        shown.set(name, !shown.get(name));
        key.setAttribute('aria-pressed', String(shown.get(name)));
        redraw();
      });
      keys.append(key);
    }
    canvas.addEventListener('pointerdown', event => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener('pointermove', event => {
      if (!event.buttons) return;
      eyeAt.turn -= event.movementX * 0.008;
      eyeAt.rise = Math.min(Math.max(eyeAt.rise + event.movementY * 0.008, -1.5), 1.5);
      redraw();
    });
    canvas.addEventListener('wheel', event => {
      if (document.activeElement !== canvas) return;  // a page that is scrolled past it scrolls on
      event.preventDefault();
      eyeAt.far = Math.min(Math.max(eyeAt.far * Math.exp(event.deltaY * 0.001), 0.15), 1.5);
      redraw();
    }, {passive: false});
    new ResizeObserver(redraw).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
    const first = goals.findIndex(v => !Number.isNaN(v));
    see(first > 0 ? times[first >> 2] : times[0]);
  };

  return {start: () => document.querySelectorAll('figure[data-player]').forEach(make)};
})();
