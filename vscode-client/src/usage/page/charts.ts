/** The charts of the usage page, drawn by Chart.js in the colours of the editor's theme. */

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from 'chart.js';
import type { UsageReport } from '../../protocol';
import { days, features, type Words } from '../rows';
import type { Chart as Name } from './document';

Chart.register(BarController, BarElement, CategoryScale, LinearScale, LineController, LineElement, PointElement, Tooltip);

let drawn: Chart[] = [];

/** Takes away all charts. */
export function erase(): void {
  for (const chart of drawn) {
    chart.destroy();
  }
  drawn = [];
}

/** Draws into the places that `document.ts` made. */
export function draw(root: HTMLElement, report: UsageReport, words: Words): void {
  const byDay = days(report);
  const byFeature = features(report);
  const blue = colour('--vscode-charts-blue');
  const configurations: Record<Name, ChartConfiguration> = {
    costPerDay: {
      type: 'bar',
      data: {
        labels: byDay.map(({ name }) => name),
        datasets: [{ label: words.cost, data: byDay.map(({ totals }) => totals.costUsd), backgroundColor: blue }],
      },
      options: options('x', money),
    },
    costByFeature: {
      type: 'bar',
      data: {
        labels: byFeature.map(({ name }) => name),
        datasets: [
          {
            label: words.cost,
            data: byFeature.map(({ totals }) => totals.costUsd),
            backgroundColor: colour('--vscode-charts-purple'),
          },
        ],
      },
      options: options('y', money),
    },
    hitRateOverTime: {
      type: 'line',
      data: {
        labels: byDay.map(({ name }) => name),
        datasets: [
          {
            label: words.hitRate,
            data: byDay.map(({ totals }) => (totals.hitRatio === null ? null : totals.hitRatio * 100)),
            borderColor: colour('--vscode-charts-green'),
            backgroundColor: colour('--vscode-charts-green'),
          },
        ],
      },
      options: options('x', (value) => `${Math.round(value)}%`, 100),
    },
  };
  for (const [name, configuration] of Object.entries(configurations)) {
    const canvas = root.querySelector<HTMLCanvasElement>(`canvas[data-chart="${name}"]`);
    if (canvas !== null) {
      drawn.push(new Chart(canvas, configuration));
    }
  }
}

/** Options of a chart whose names stand along `index`, with the other axis up to `most`. */
function options(
  index: 'x' | 'y',
  format: (value: number) => string,
  most?: number,
): NonNullable<ChartConfiguration['options']> {
  const text = colour('--vscode-foreground');
  const names = { ticks: { color: text }, grid: { display: false } };
  const values = {
    beginAtZero: true,
    ...(most === undefined ? {} : { max: most }),
    ticks: { color: text, maxTicksLimit: 5, callback: (value: string | number) => format(Number(value)) },
    grid: { color: colour('--vscode-editorWidget-border', '#8884') },
  };
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    datasets: { bar: { maxBarThickness: 48 } },
    indexAxis: index,
    scales: index === 'x' ? { x: names, y: values } : { x: values, y: names },
    plugins: {
      tooltip: { callbacks: { label: ({ parsed }) => format((index === 'x' ? parsed.y : parsed.x) ?? 0) } },
    },
  };
}

/** A colour of the theme; in high contrast, where charts have none, that of text. */
function colour(variable: string, otherwise?: string): string {
  const style = getComputedStyle(document.documentElement);
  const found = style.getPropertyValue(variable).trim();
  return found || (otherwise ?? style.getPropertyValue('--vscode-foreground').trim());
}

function money(value: number): string {
  return `$${value >= 1 ? value.toFixed(2) : value.toFixed(4)}`;
}
