BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    '{"hosts": {
        "gpu1": {"address": "gpu1.example.com", "transport": "ssh", "container": "auto", "user": "me", "port": 2222, "added": "2026-02-21T10:00:00Z", "capabilities": ["gpu", "os=linux"], "rack": {"row": 3}},
        "web1": {"address": "web1.example.com", "transport": "ssh", "container": "none", "user": "", "capabilities": ["web"], "workspaceRoot": "/srv/a, \"b\""},
        "web2": {"address": "web2", "transport": "ssh", "container": "none", "user": ""}
    }}' | Set-Content $env:REMOTE_DISPATCH_HOSTS_FILE

    function Get-Entry([string] $Json) { ($Json | ConvertFrom-Json -AsHashtable).hosts | ConvertTo-Json -Depth 9 -Compress }
}

Describe 'Export-DispatchHost' {
    It 'emits the inventory as JSON, exactly as it is' {
        Get-Entry (Export-DispatchHost | Out-String) | Should -BeExactly (Get-Entry (Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw))
    }

    It 'writes a file that comes back as it went out' {
        $mine = $env:REMOTE_DISPATCH_HOSTS_FILE
        foreach ($name in 'hosts.json', 'hosts.csv') {
            $file = "$Sandbox/files/$name"
            Export-DispatchHost $file | Should -BeNullOrEmpty
            try {
                $env:REMOTE_DISPATCH_HOSTS_FILE = "$Sandbox/files/back-$name.json"
                Import-DispatchHost $file -WarningAction Stop
                Export-DispatchHost "$Sandbox/files/again-$name"
                (Get-DispatchHost web1).WorkspaceRoot | Should -Be '/srv/a, "b"'
            }
            finally {
                $env:REMOTE_DISPATCH_HOSTS_FILE = $mine
            }
            Get-Content "$Sandbox/files/again-$name" -Raw | Should -BeExactly (Get-Content $file -Raw)
        }
    }

    It 'writes a table that Import-Csv reads' {
        $rows = Export-DispatchHost -Format Csv | ConvertFrom-Csv
        $rows.Name | Should -Be 'gpu1', 'web1', 'web2'
        $rows[0].Port | Should -Be '2222'
        $rows[0].Capabilities | Should -Be 'gpu;os=linux'
        $rows[1].WorkspaceRoot | Should -Be '/srv/a, "b"'
    }

    It 'writes an ssh_config that says where the hosts are' {
        $text = (Export-DispatchHost -Format SshConfig) -join "`n"
        $text | Should -Match '(?m)^Host gpu1\n    HostName gpu1\.example\.com\n    User me\n    Port 2222$'
        $text | Should -Match '(?m)^Host web2$'
        $text | Should -Not -Match 'HostName web2'
    }

    It 'takes the form from the name of the file' {
        Export-DispatchHost "$Sandbox/files/my_config"
        Get-Content "$Sandbox/files/my_config" | Select-Object -First 1 | Should -Be 'Host gpu1'
    }

    It 'takes names, groups and sets, and hosts from the pipeline' {
        (Export-DispatchHost -Name 'web*!web2', gpu1 -Format Csv | ConvertFrom-Csv).Name | Should -Be 'web1', 'gpu1'
        (Export-DispatchHost -Name '@gpu' -Format Csv | ConvertFrom-Csv).Name | Should -Be 'gpu1'
        (Get-DispatchHost -Capability web | Export-DispatchHost -Format Csv | ConvertFrom-Csv).Name | Should -Be 'web1'
        (@() | Export-DispatchHost -Format Csv | ConvertFrom-Csv) | Should -BeNullOrEmpty
    }

    It 'tells of a host that is not there, and writes the others' {
        (Export-DispatchHost -Name nobody, web1 -Format Csv -ErrorAction SilentlyContinue -ErrorVariable failure | ConvertFrom-Csv).Name | Should -Be 'web1'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'HostNotFound,RemoteDispatch.PowerShell.Hosts.ExportDispatchHostCommand'
    }

    It 'refuses to write over a file without -Force' {
        $file = "$Sandbox/files/mine.json"
        'mine' | Set-Content $file
        { Export-DispatchHost $file -ErrorAction Stop } | Should -Throw '*is there already*' -ErrorId 'LocalFile,*'
        Get-Content $file | Should -Be 'mine'
        Export-DispatchHost $file -Force
        Get-Content $file -Raw | Should -Match 'gpu1'
    }

    It 'changes nothing with -WhatIf' {
        Export-DispatchHost "$Sandbox/files/whatif.json" -WhatIf
        Test-Path "$Sandbox/files/whatif.json" | Should -BeFalse
    }

    It 'says that nothing is written in a form that is only read' {
        { Export-DispatchHost -Format Tailscale -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'completes host names and groups' {
        (Get-Completion 'Export-DispatchHost -Name web').CompletionText | Should -Be 'web1', 'web2'
        (Get-Completion "Export-DispatchHost -Name '@").CompletionText | Should -Be "'@gpu'", "'@os=linux'", "'@web'"
    }

    It 'creates no folder' {
        { Export-DispatchHost "$Sandbox/nope/x.csv" -ErrorAction Stop } | Should -Throw "*the folder*nope' is not there*" -ErrorId 'LocalFile,*'
        "$Sandbox/nope" | Should -Not -Exist
    }
}
