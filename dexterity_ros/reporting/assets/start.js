'use strict';
Report.start();
if (typeof Player !== 'undefined') Player.start();
