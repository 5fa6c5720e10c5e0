BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    $manifestPath = Join-Path $env:RD_PESTER_MODULE 'RemoteDispatch.psd1'
    $manifest = Test-ModuleManifest $manifestPath
    $commands = Get-Command -Module RemoteDispatch
}

Describe 'The module' {
    It 'has a manifest without a fault' {
        Test-ModuleManifest $manifestPath -ErrorVariable fault -WarningVariable warning | Should -Not -BeNullOrEmpty
        $fault | Should -BeNullOrEmpty
        $warning | Should -BeNullOrEmpty
        $manifest.Version | Should -BeGreaterThan ([version]'0.0')
        $manifest.Description | Should -Not -BeNullOrEmpty
        $manifest.PowerShellVersion | Should -Be '7.6'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
    }

    It 'names every cmdlet in the manifest, and no wildcard' {
        $data = Import-PowerShellDataFile $manifestPath
        "$($data.CmdletsToExport) $($data.FunctionsToExport) $($data.AliasesToExport) $($data.VariablesToExport)" | Should -Not -Match '\*'
        $inside = [System.Reflection.Assembly]::LoadFrom("$env:RD_PESTER_MODULE/RemoteDispatch.PowerShell.dll").GetExportedTypes().
            ForEach({ $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false) }).ForEach({ "$($_.VerbName)-$($_.NounName)" })
        $data.CmdletsToExport | Sort-Object | Should -Be ($inside | Sort-Object)
    }

    It 'exports cmdlets and nothing else' {
        $module = Get-Module RemoteDispatch
        $module.ExportedCmdlets.Count | Should -Be 22
        $module.ExportedFunctions.Count + $module.ExportedAliases.Count + $module.ExportedVariables.Count | Should -Be 0
    }

    It 'has a test file for each cmdlet' {
        foreach ($command in $commands) { "$PSScriptRoot/$($command.Name).Tests.ps1" | Should -Exist }
    }

    It 'uses approved verbs and singular nouns' {
        foreach ($command in $commands) {
            (Get-Verb).Verb | Should -Contain $command.Verb
            $command.Noun | Should -Not -Match 's$'
        }
    }

    It 'says of each cmdlet what it emits' {
        foreach ($command in $commands) { $command.OutputType.Name | Should -Not -BeNullOrEmpty -Because "of $command" }
    }

    It 'lets every cmdlet that changes something be tried with -WhatIf' {
        foreach ($command in $commands | Where-Object Verb -In Add, Set, Remove, Stop, Invoke, Resume, Save, Import, Export) {
            $command.Parameters.Keys | Should -Contain 'WhatIf' -Because "of $command"
            $command.Parameters.Keys | Should -Contain 'Confirm' -Because "of $command"
        }
    }

    It 'lets no cmdlet that only looks ask for confirmation' {
        foreach ($command in $commands | Where-Object Verb -In Get, Test, Wait) {
            $command.Parameters.Keys | Should -Not -Contain 'WhatIf' -Because "of $command"
        }
    }

    It 'calls a host ComputerName and Cn, too' {
        foreach ($command in $commands | Where-Object { $_.Parameters.Keys -contains 'HostName' }) {
            $command.Parameters['HostName'].Aliases | Should -Contain 'ComputerName' -Because "of $command"
            $command.Parameters['HostName'].Aliases | Should -Contain 'Cn' -Because "of $command"
        }
    }

    It 'is imported without an error, a warning or a file' {
        $said = Invoke-OtherProcess '"errors=$($Error.Count) commands=$((Get-Command -Module RemoteDispatch).Count)"' 2>&1 3>&1
        $said | Should -Be 'errors=0 commands=22'
        Get-ChildItem "$Sandbox/state", "$Sandbox/logs" -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'meets the guidelines where docs/conventions.md says so' {
        $root = Convert-Path "$PSScriptRoot/../.."
        $text = Get-Content "$root/docs/conventions.md" -Raw
        $sentences = (Get-ChildItem "$PSScriptRoot/*.Tests.ps1" | Get-Content -Raw) -join "`n"
        $files = [regex]::Matches($text, '`(?<Path>[\w./-]+\.(cs|ps1|psd1|ps1xml))`').ForEach({ $_.Groups['Path'].Value }) | Sort-Object -Unique
        $files.Count | Should -BeGreaterThan 5
        foreach ($file in $files) {
            $places = "$root/$file", "$root/src/RemoteDispatch.PowerShell/$file", "$PSScriptRoot/$file", "$root/src/RemoteDispatch.PowerShell/Tasks/$file"
            $places.Where({ Test-Path $_ }) | Should -Not -BeNullOrEmpty -Because "$file is named"
        }
        foreach ($quoted in [regex]::Matches($text, '(?<![*\w])\*(?<It>[^*|]+)\*(?![*\w])').ForEach({ $_.Groups['It'].Value })) {
            $sentences.Contains("It '$($quoted.Replace("'", "''"))'") | Should -BeTrue -Because "'$quoted' is quoted"
        }
        foreach ($link in [regex]::Matches($text, '\]\((?!https?:)(?<To>[^)]+)\)').ForEach({ $_.Groups['To'].Value })) { "$root/docs/$link" | Should -Exist }
    }

    It 'can be imported in several runspaces' {
        $both = 1..2 | ForEach-Object { Start-Pipeline '(Get-DispatchHost local).Name' }
        $both | ForEach-Object { Complete-Pipeline $_ } | Should -Be 'local', 'local'
    }

    It 'follows the variables that name the user''s files, when they change after the import' {
        $mine = $env:REMOTE_DISPATCH_HOSTS_FILE
        try {
            Add-DispatchHost here here.example.com
            $env:REMOTE_DISPATCH_HOSTS_FILE = "$Sandbox/another.json"
            (Get-DispatchHost).Name | Should -Be 'local'
        }
        finally {
            $env:REMOTE_DISPATCH_HOSTS_FILE = $mine
        }
        (Get-DispatchHost).Name | Should -Be 'local', 'here'
    }
}
